"""One TTL for everything: a minute is long for what is in stock."""

from __future__ import annotations

from shop import Node


def what_to_cache(node: Node, log: list, memory_bytes: int) -> dict[str, float]:
    return {"product": 60, "stock": 60, "category": 60}
