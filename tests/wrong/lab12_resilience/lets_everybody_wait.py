"""Nobody is refused, and everybody waits behind everybody."""

from __future__ import annotations


from shop import Node


async def serve(node: Node, kind: str) -> str:
    """Let the orders do the work, or refuse at once: 'served' or 'busy'."""
    await node.call("orders", "work", kind)
    return "served"
