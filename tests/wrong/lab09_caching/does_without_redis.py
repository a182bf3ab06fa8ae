"""It never asks Redis: a copy in memory that is a second old seems to be enough."""

from __future__ import annotations

import time

from shop import Node


class SturdyCatalogue:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.copies: dict[str, tuple[float, dict | None]] = {}

    async def get(self, product_id: str) -> dict | None:
        asked_at, copy = self.copies.get(product_id, (-1e9, None))
        if time.monotonic() - asked_at < 0.9:
            return copy
        asked_at = time.monotonic()
        product = await self.node.call("database", "product", product_id)
        self.copies[product_id] = (asked_at, product)
        return product
