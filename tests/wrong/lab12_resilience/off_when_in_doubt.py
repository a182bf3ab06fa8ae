"""What cannot be asked is off; also the fraud check."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shop import Node


class Toggles:
    """The shop's toggles, each with its safe value; the store may be away."""

    def __init__(self, redis: Redis, safe: dict[str, bool]) -> None:
        self.redis, self.safe = redis, safe

    async def is_on(self, name: str) -> bool:
        try:
            async with asyncio.timeout(0.05):
                value = await self.redis.get(f"toggle:{name}")
        except (TimeoutError, RedisError, OSError):
            value = None
        return value == "on"


SAFE = {"express_checkout": False, "fraud_check": True}


class Switchboard:
    """One process of the shop with its toggles."""

    def __init__(self, node: Node) -> None:
        self.toggles = Toggles(Redis.from_url("redis://redis:6379/0", decode_responses=True), SAFE)

    async def is_on(self, name: str) -> bool:
        return await self.toggles.is_on(name)
