"""Everybody is told that it is done, at once."""

from __future__ import annotations

from shop import Node


async def serve(node: Node, kind: str) -> str:
    """Let the orders do the work, or refuse at once: 'served' or 'busy'."""
    return "served"
