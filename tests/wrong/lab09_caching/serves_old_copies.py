"""A copy in its own memory, good for a minute: the dead cache hurts nobody, and prices are old."""

from __future__ import annotations

import asyncio
import json
import random
import time

import redis.asyncio

from shop import Node, Unavailable


class SturdyCatalogue:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True, retry=None)
        self.copies: dict[str, tuple[float, dict | None]] = {}
        self.budget = asyncio.Semaphore(2)

    async def get(self, product_id: str) -> dict | None:
        found = await self.ask_cache("get", product_id)
        if found is not None:
            return json.loads(found)
        asked_at, copy = self.copies.get(product_id, (-1e9, None))
        if time.monotonic() - asked_at < 60:
            return copy
        if self.budget.locked():
            raise Unavailable("the shop is busy")
        async with self.budget:
            asked_at = time.monotonic()
            product = await self.node.call("database", "product", product_id)
        self.copies[product_id] = (asked_at, product)
        await self.ask_cache("set", product_id, json.dumps(product), ex=random.randint(54, 66))
        return product

    async def ask_cache(self, command: str, *args: object, **options: object) -> object:
        try:
            async with asyncio.timeout(0.05):
                return await getattr(self.cache, command)(*args, **options)
        except (redis.RedisError, OSError, TimeoutError):
            return None
