"""The reference: a token bucket as one script in Redis, a page with a timeout and remembered bestsellers."""

from __future__ import annotations

import asyncio
import math
import random
import time
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shop import Addresses, Broken, Node, Refused, Unavailable

TROUBLE = (TimeoutError, Unavailable, Broken, ConnectionError)  # what may be over in a moment


class Gate:
    """One instance of the shop's gate; the checks in virtual time start three of them."""

    def __init__(self, node: Node, rate: float, burst: int) -> None:
        self.redis = Redis.from_url("redis://redis:6379/0", decode_responses=True)
        self.rate, self.burst = rate, burst

    async def enter(self, client: str) -> float:
        return await admit(self.redis, client, self.rate, self.burst)


def enter_once(at: Addresses, client: str, rate: float, burst: int) -> float:
    """One call in a process of its own, for the schedules on a real Redis."""

    async def enter() -> float:
        async with Redis.from_url(at.redis, decode_responses=True) as redis:
            return await admit(redis, client, rate, burst)

    return asyncio.run(enter())


@dataclass
class Bestsellers:
    """What this process remembers of the bestsellers; all its visitors share it."""

    answer: asyncio.Future | None = None
    until_s: float = 0.0  # by time.monotonic()


BESTSELLERS = Bestsellers()

BUCKET = """
local time = redis.call('time')
local now = time[1] + time[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('hmget', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
tokens = math.min(burst, tokens + rate * math.max(0, now - at))
local wait = math.max(0, (1 - tokens) / rate)
if wait == 0 then tokens = tokens - 1 end
redis.call('hset', KEYS[1], 'tokens', string.format('%.9f', tokens), 'at', string.format('%.6f', now))
redis.call('expire', KEYS[1], math.ceil(burst / rate))
return tostring(wait)
"""


async def admit(redis: Redis, client: str, rate: float, burst: int) -> float:
    """Take a token out of the client's bucket: 0.0 where there was one, else the seconds until the next.

    >>> [await admit(redis, "Ada", rate=1.0, burst=1) for _ in range(2)]
    [0.0, 0.998]
    """
    return float(await redis.eval(BUCKET, 1, f"bucket:{client}", rate, burst))


async def product_page(node: Node, buyer: str, product_id: str) -> dict:
    """The page of a product, whole or degraded, within 300 ms.

    >>> await product_page(node, "Ada", "lamp")
    {'product': {'name': 'lamp', 'cents': 4900}, 'next': ['Ada-pick-1', 'Ada-pick-2', 'Ada-pick-3'], 'degraded': False}
    """
    product, (shown, degraded) = await asyncio.gather(
        node.call("catalog", "product", product_id), what_next(node, buyer, product_id)
    )
    return {"product": product, "next": shown, "degraded": degraded}


async def what_next(node: Node, buyer: str, product_id: str) -> tuple[list[str], bool]:
    try:
        async with asyncio.timeout(0.15):
            return await node.call("recommendations", "for_buyer", buyer, product_id), False
    except TROUBLE:
        return await bestsellers(node), True


async def bestsellers(node: Node) -> list[str]:
    if time.monotonic() >= BESTSELLERS.until_s:
        BESTSELLERS.until_s = time.monotonic() + 30
        BESTSELLERS.answer = asyncio.ensure_future(node.call("catalog", "bestsellers"))
    try:
        return await asyncio.shield(BESTSELLERS.answer)
    except TROUBLE:
        BESTSELLERS.until_s = 0.0
        return []


ROOM = {"crawler": 6, "page": 10, "checkout": 14}  # how many may be under way when one of this kind comes


@dataclass
class Desk:
    """What this process has under way at the orders."""

    under_way: int = 0


DESK = Desk()


async def serve(node: Node, kind: str) -> str:
    """Let the orders do the work, or refuse at once: 'served' or 'busy'.

    >>> await serve(node, "checkout")
    'served'
    """
    if DESK.under_way >= ROOM[kind]:
        return "busy"
    DESK.under_way += 1
    try:
        await node.call("orders", "work", kind)
        return "served"
    finally:
        DESK.under_way -= 1


class Toggles:
    """Asks the store each time, and falls back on the safe value."""

    def __init__(self, redis: Redis, safe: dict[str, bool]) -> None:
        self.redis, self.safe = redis, safe

    async def is_on(self, name: str) -> bool:
        try:
            async with asyncio.timeout(0.05):
                value = await self.redis.get(f"toggle:{name}")
        except (TimeoutError, RedisError, OSError):
            value = None
        return {"on": True, "off": False}.get(value, self.safe[name])


SAFE = {"express_checkout": False, "fraud_check": True}


class Switchboard:
    """One process of the shop with its toggles."""

    def __init__(self, node: Node) -> None:
        self.toggles = Toggles(Redis.from_url("redis://redis:6379/0", decode_responses=True), SAFE)

    async def is_on(self, name: str) -> bool:
        return await self.toggles.is_on(name)


class NaiveGate(Gate):
    """An instance with the naive limiter."""

    async def enter(self, client: str) -> float:
        return await naive_admit(self.redis, client, self.rate, self.burst)


async def naive_admit(redis: Redis, client: str, rate: float, burst: int) -> float:
    """A counter for each window of so many seconds, and so many calls in each."""
    window_s = burst / rate
    window = time.time() // window_s
    count = await redis.incr(f"{client}:{window}")
    return 0.0 if count <= burst else (window + 1) * window_s - time.time()
