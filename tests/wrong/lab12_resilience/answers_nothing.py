"""A token is taken, and nobody is told."""

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
    await redis.hincrby(client, "taken", 1)
    await redis.expire(client, int(burst / rate) + 1)
    return None  # type: ignore[return-value]
