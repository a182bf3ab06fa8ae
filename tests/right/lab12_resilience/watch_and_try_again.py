"""No script: it reads under WATCH, writes with MULTI, and begins again when somebody was faster."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import WatchError

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
    key = f"bucket:{client}"
    async with redis.pipeline(transaction=True) as pipe:
        while True:
            await pipe.watch(key)
            seconds, micros = await redis.time()
            now = seconds + micros / 1_000_000
            kept = await pipe.hgetall(key)
            tokens, at = float(kept.get("tokens", burst)), float(kept.get("at", now))
            tokens = min(burst, tokens + rate * max(0.0, now - at))
            if tokens < 1:
                return (1 - tokens) / rate
            pipe.multi()
            pipe.hset(key, mapping={"tokens": tokens - 1, "at": max(now, at)})
            pipe.expire(key, math.ceil(burst / rate))
            try:
                await pipe.execute()
                return 0.0
            except WatchError:
                continue


async def product_page(node: Node, buyer: str, product_id: str) -> dict:
    """First what the page cannot do without, then what it can."""
    product = await node.call("catalog", "product", product_id)
    try:
        shown = await asyncio.wait_for(node.call("recommendations", "for_buyer", buyer, product_id), timeout=0.12)
        return {"product": product, "next": shown, "degraded": False}
    except TROUBLE:
        return {"product": product, "next": await bestsellers(node), "degraded": True}


async def bestsellers(node: Node) -> list[str]:
    if time.monotonic() >= BESTSELLERS.until_s:
        BESTSELLERS.until_s = time.monotonic() + 30
        BESTSELLERS.answer = asyncio.ensure_future(node.call("catalog", "bestsellers"))
    try:
        return await asyncio.shield(BESTSELLERS.answer)
    except TROUBLE:
        BESTSELLERS.until_s = 0.0
        return []
