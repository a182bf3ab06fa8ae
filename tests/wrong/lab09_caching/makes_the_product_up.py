"""Makes the product up: it asks neither the cache nor the database."""

from __future__ import annotations

from shop import Node


class Catalogue:
    def __init__(self, node: Node) -> None:
        self.node = node

    async def get(self, product_id: str) -> dict | None:
        return {"id": product_id, "name": product_id, "price": 1}
