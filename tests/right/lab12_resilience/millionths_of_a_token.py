"""The script reckons with whole numbers and is loaded once; the page asks for bestsellers before it needs them."""

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


async def admit(redis: Redis, client: str, rate: float, burst: int) -> float:
    """Take a token out of the client's bucket: 0.0 where there was one, else the seconds until the next."""
    script = redis.register_script(BUCKET)
    return int(await script(keys=[f"limit:{client}"], args=[round(rate * 1_000_000), burst * 1_000_000])) / 1_000_000


BUCKET = """
local rate, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local kept = redis.call('get', KEYS[1])
local tokens = full
if kept then
    local at, had = string.match(kept, '(%d+) (%d+)')
    tokens = math.min(full, tonumber(had) + math.floor(math.max(0, now - tonumber(at)) * rate / 1000000))
end
if tokens < 1000000 then return math.ceil((1000000 - tokens) * 1000000 / rate) end
redis.call('set', KEYS[1], string.format('%d %d', now, tokens - 1000000), 'ex', math.ceil(full / rate))
return 0
"""


SHOWN: dict[str, object] = {"bestsellers": None, "until_s": 0.0}


async def product_page(node: Node, buyer: str, product_id: str) -> dict:
    """The bestsellers are fetched on good days too, twice a minute, so that nobody waits for them on a bad one."""
    asked = asyncio.ensure_future(node.call("recommendations", "for_buyer", buyer, product_id))
    fresh = asyncio.ensure_future(bestsellers(node))
    product = await node.call("catalog", "product", product_id)
    await asyncio.wait([asked], timeout=0.1)
    if asked.done() and asked.exception() is None:
        return {"product": product, "next": asked.result(), "degraded": False}
    if asked.done() or not asked.cancel():
        asked.exception()
    return {"product": product, "next": await fresh, "degraded": True}


async def bestsellers(node: Node) -> list[str]:
    if time.monotonic() >= SHOWN["until_s"]:
        SHOWN["until_s"] = time.monotonic() + 25
        coming = asyncio.ensure_future(node.call("catalog", "bestsellers"))
        SHOWN["bestsellers"] = coming
    return await asyncio.shield(SHOWN["bestsellers"])
