"""It asks the catalog for each product once, and shows for ever what it said then."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from shop import Broken, Node, Unavailable

TROUBLE = (TimeoutError, Unavailable, Broken, ConnectionError)  # what may be over in a moment


@dataclass
class Remembered:
    """What this process remembers; all its visitors share it."""

    bestsellers: asyncio.Future | None = None
    until_s: float = 0.0  # by time.monotonic()
    products: dict[str, dict] = field(default_factory=dict)


REMEMBERED = Remembered()


async def product_page(node: Node, buyer: str, product_id: str) -> dict:
    """The page of a product, whole or degraded, within 300 ms."""
    product, (shown, degraded) = await asyncio.gather(product_of(node, product_id), what_next(node, buyer, product_id))
    return {"product": product, "next": shown, "degraded": degraded}


async def product_of(node: Node, product_id: str) -> dict:
    if product_id not in REMEMBERED.products:
        REMEMBERED.products[product_id] = await node.call("catalog", "product", product_id)
    return REMEMBERED.products[product_id]


async def what_next(node: Node, buyer: str, product_id: str) -> tuple[list[str], bool]:
    try:
        async with asyncio.timeout(0.15):
            return await node.call("recommendations", "for_buyer", buyer, product_id), False
    except TROUBLE:
        return await bestsellers(node), True


async def bestsellers(node: Node) -> list[str]:
    if time.monotonic() >= REMEMBERED.until_s:
        REMEMBERED.until_s = time.monotonic() + 30
        REMEMBERED.bestsellers = asyncio.ensure_future(node.call("catalog", "bestsellers"))
    return await asyncio.shield(REMEMBERED.bestsellers)
