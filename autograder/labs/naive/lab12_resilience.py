"""The naive hand-in of lab 12: a counter for each window, a page that waits for whatever it asks, and a queue for everybody."""

from __future__ import annotations

import time

from redis.asyncio import Redis

from shop import Node

__all__ = ["admit", "product_page", "serve"]


async def admit(redis: Redis, client: str, rate: float, burst: int) -> float:
    """A counter for each window of so many seconds, and so many calls in each."""
    window_s = burst / rate
    window = time.time() // window_s
    count = await redis.incr(f"{client}:{window}")
    return 0.0 if count <= burst else (window + 1) * window_s - time.time()


async def product_page(node: Node, buyer: str, product_id: str) -> dict:
    """Ask the catalog, then the recommendations; a page is whole or it is not there."""
    product = await node.call("catalog", "product", product_id)
    shown = await node.call("recommendations", "for_buyer", buyer, product_id)
    return {"product": product, "next": shown, "degraded": False}


async def serve(node: Node, kind: str) -> str:
    """Nobody is sent away."""
    await node.call("orders", "work", kind)
    return "served"
