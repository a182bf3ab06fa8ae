"""What is not there is kept as long as what is: a new product stays invisible for a minute."""

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
        self.under_way: dict[str, asyncio.Task] = {}

    async def get(self, product_id: str) -> dict | None:
        found = await self.cache.get(product_id)
        if found is not None:
            return json.loads(found)
        if product_id not in self.under_way:
            self.under_way[product_id] = asyncio.create_task(self.fill(product_id))
        return await self.under_way[product_id]

    async def fill(self, product_id: str) -> dict | None:
        try:
            product = await self.node.call("database", "product", product_id)
            await self.cache.set(product_id, json.dumps(product), px=random.randint(54_000, 66_000))
            return product
        finally:
            del self.under_way[product_id]
