"""The last list that came is remembered, whoever it was made for."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from shop import Broken, Node, Unavailable

TROUBLE = (TimeoutError, Unavailable, Broken, ConnectionError)  # what may be over in a moment


@dataclass
class Bestsellers:
    """What this process remembers of the bestsellers; all its visitors share it."""

    answer: asyncio.Future | None = None
    until_s: float = 0.0  # by time.monotonic()


BESTSELLERS = Bestsellers()


LAST: list[str] = []


async def product_page(node: Node, buyer: str, product_id: str) -> dict:
    """The page of a product, whole or degraded, within 300 ms."""
    product, (shown, degraded) = await asyncio.gather(
        node.call("catalog", "product", product_id), what_next(node, buyer, product_id)
    )
    return {"product": product, "next": shown, "degraded": degraded}


async def what_next(node: Node, buyer: str, product_id: str) -> tuple[list[str], bool]:
    try:
        async with asyncio.timeout(0.15):
            LAST[:] = await node.call("recommendations", "for_buyer", buyer, product_id)
            return list(LAST), False
    except TROUBLE:
        return list(LAST) or await bestsellers(node), True


async def bestsellers(node: Node) -> list[str]:
    if time.monotonic() >= BESTSELLERS.until_s:
        BESTSELLERS.until_s = time.monotonic() + 30
        BESTSELLERS.answer = asyncio.ensure_future(node.call("catalog", "bestsellers"))
    try:
        return await asyncio.shield(BESTSELLERS.answer)
    except TROUBLE:
        BESTSELLERS.until_s = 0.0
        return []
