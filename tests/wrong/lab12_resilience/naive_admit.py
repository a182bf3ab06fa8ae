"""A counter for each window: the edge between two windows lets twice as many through."""

from __future__ import annotations

import asyncio
import time

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
