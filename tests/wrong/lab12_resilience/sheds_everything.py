"""Whoever matters less is refused, and so is everybody else."""

from __future__ import annotations


from shop import Node


async def serve(node: Node, kind: str) -> str:
    """Let the orders do the work, or refuse at once: 'served' or 'busy'."""
    return "busy"
