"""What the recommendations say is passed on: their no is the page's."""

from __future__ import annotations

import asyncio

from shop import Broken, Node, Unavailable

TROUBLE = (TimeoutError, Unavailable, Broken, ConnectionError)  # what may be over in a moment


async def product_page(node: Node, buyer: str, product_id: str) -> dict:
    """The page of a product, whole or degraded, within 300 ms."""
    async with asyncio.timeout(0.25):
        product, shown = await asyncio.gather(
            node.call("catalog", "product", product_id), node.call("recommendations", "for_buyer", buyer, product_id)
        )
    return {"product": product, "next": shown, "degraded": False}
