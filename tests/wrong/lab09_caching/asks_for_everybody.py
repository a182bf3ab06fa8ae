"""Whoever misses asks: when a popular key expires, the whole crowd does."""

from __future__ import annotations

import json
import random

import redis.asyncio

from shop import Node


class Catalogue:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True)

    async def get(self, product_id: str) -> dict | None:
        found = await self.cache.get(product_id)
        if found is not None:
            return json.loads(found)
        product = await self.node.call("database", "product", product_id)
        ttl_s = random.uniform(54, 66) if product else 5
        await self.cache.set(product_id, json.dumps(product), px=int(ttl_s * 1000))
        return product
