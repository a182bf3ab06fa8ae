"""Without the cache everybody asks the database, which was never made for everybody."""

from __future__ import annotations

import asyncio
import json
import random

import redis.asyncio

from shop import Node


class SturdyCatalogue:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True, retry=None)

    async def get(self, product_id: str) -> dict | None:
        found = await self.ask_cache("get", product_id)
        if found is not None:
            return json.loads(found)
        product = await self.node.call("database", "product", product_id)
        await self.ask_cache("set", product_id, json.dumps(product), ex=random.randint(54, 66))
        return product

    async def ask_cache(self, command: str, *args: object, **options: object) -> object:
        try:
            async with asyncio.timeout(0.05):
                return await getattr(self.cache, command)(*args, **options)
        except (redis.RedisError, OSError, TimeoutError):
            return None
