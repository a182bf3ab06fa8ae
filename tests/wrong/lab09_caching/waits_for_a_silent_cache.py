"""It catches every error of Redis; silence is none, so it waits for ever."""

from __future__ import annotations

import asyncio
import json
import random

import redis.asyncio

from shop import Node, Unavailable


class SturdyCatalogue:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True, retry=None)
        self.budget = asyncio.Semaphore(2)

    async def get(self, product_id: str) -> dict | None:
        try:
            found = await self.cache.get(product_id)
        except redis.RedisError:
            found = None
        if found is not None:
            return json.loads(found)
        if self.budget.locked():
            raise Unavailable("the shop is busy")
        async with self.budget:
            product = await self.node.call("database", "product", product_id)
        try:
            await self.cache.set(product_id, json.dumps(product), ex=random.randint(54, 66))
        except redis.RedisError:
            pass
        return product
