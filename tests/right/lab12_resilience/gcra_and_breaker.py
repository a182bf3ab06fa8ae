"""GCRA keeps the moment at which the bucket is full again; the page remembers an outage for all its visitors."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from redis.asyncio import Redis

from shop import Addresses, Broken, Node, Unavailable

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


async def admit(redis: Redis, client: str, rate: float, burst: int) -> float:
    """Take a token out of the client's bucket: 0.0 where there was one, else the seconds until the next."""
    return float(await redis.eval(GCRA, 1, f"bucket:{client}", rate, burst))


GCRA = """
local time = redis.call('time')
local now = time[1] + time[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(now, tonumber(redis.call('get', KEYS[1])) or now)
local wait = full_at + 1 / rate - burst / rate - now
if wait > 0 then return tostring(wait) end
full_at = full_at + 1 / rate
redis.call('set', KEYS[1], string.format('%.6f', full_at), 'px', math.ceil((full_at - now) * 1000))
return '0'
"""


OPENS_AFTER, OPEN_S = 5, 5.0
PROBLEM = {"failures": 0, "quiet_until_s": 0.0}


async def product_page(node: Node, buyer: str, product_id: str) -> dict:
    """The page of a product, whole or degraded, within 300 ms."""
    asked = asyncio.ensure_future(node.call("catalog", "product", product_id))
    page = await whole(node, buyer, product_id) or {"next": await bestsellers(node), "degraded": True}
    return {"product": await asked, **page}


async def whole(node: Node, buyer: str, product_id: str) -> dict | None:
    if time.monotonic() < PROBLEM["quiet_until_s"]:
        return None
    if PROBLEM["failures"] >= OPENS_AFTER:
        PROBLEM["quiet_until_s"] = time.monotonic() + OPEN_S  # this visitor is the probe
    try:
        async with asyncio.timeout(0.15):
            shown = await node.call("recommendations", "for_buyer", buyer, product_id)
    except TROUBLE:
        PROBLEM["failures"] += 1
        if PROBLEM["failures"] == OPENS_AFTER:
            PROBLEM["quiet_until_s"] = time.monotonic() + OPEN_S
        return None
    PROBLEM.update(failures=0, quiet_until_s=0.0)
    return {"next": shown, "degraded": False}


async def bestsellers(node: Node) -> list[str]:
    if time.monotonic() >= BESTSELLERS.until_s:
        BESTSELLERS.until_s = time.monotonic() + 30
        BESTSELLERS.answer = asyncio.ensure_future(node.call("catalog", "bestsellers"))
    try:
        return await asyncio.shield(BESTSELLERS.answer)
    except TROUBLE:
        BESTSELLERS.until_s = 0.0
        return []
