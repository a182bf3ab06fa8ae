"""A log of the calls of the last seconds: nothing flows in until the oldest of them falls out."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from shop import Addresses, Node


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
    return float(await redis.eval(BUCKET, 1, f"bucket:{client}", rate, burst))


BUCKET = """
local time = redis.call('time')
local now = time[1] + time[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local lasts = burst / rate
redis.call('zremrangebyscore', KEYS[1], '-inf', now - lasts)
if redis.call('zcard', KEYS[1]) < burst then
    redis.call('zadd', KEYS[1], string.format('%.6f', now), time[1] .. ':' .. time[2] .. ':' .. redis.call('zcard', KEYS[1]))
    redis.call('expire', KEYS[1], math.ceil(lasts))
    return '0'
end
local oldest = redis.call('zrange', KEYS[1], 0, 0, 'withscores')
return tostring(tonumber(oldest[2]) + lasts - now)
"""
