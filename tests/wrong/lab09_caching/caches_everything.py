"""Everything that may be cached is: large entries that nobody asks for twice push out the others."""

from __future__ import annotations

from shop import Node


def what_to_cache(node: Node, log: list, memory_bytes: int) -> dict[str, float]:
    return {"product": 60, "stock": 2, "category": 120, "search": 300, "recommendation": 600}
