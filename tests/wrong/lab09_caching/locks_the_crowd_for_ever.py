"""One of all fills, under a lock without a TTL: when it dies, everybody waits for ever."""

from __future__ import annotations

import asyncio
import json
import random

import redis.asyncio

from shop import Node


class Catalogue:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True)

    async def get(self, product_id: str) -> dict | None:
        while True:
            found = await self.cache.get(product_id)
            if found is not None:
                return json.loads(found)
            if await self.cache.set(f"lock:{product_id}", self.node.name, nx=True):
                product = await self.node.call("database", "product", product_id)
                ttl_s = random.uniform(54, 66) if product else 5
                await self.cache.set(product_id, json.dumps(product), px=int(ttl_s * 1000))
                await self.cache.delete(f"lock:{product_id}")
                return product
            await asyncio.sleep(0.05)
