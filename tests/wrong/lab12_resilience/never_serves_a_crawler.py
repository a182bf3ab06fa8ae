"""Crawlers are refused whether or not there is room."""

from __future__ import annotations

from dataclasses import dataclass

from shop import Node


@dataclass
class Desk:
    """What this process has under way at the orders."""

    under_way: int = 0


DESK = Desk()


ROOM = {"crawler": 0, "page": 10, "checkout": 14}  # how many may be under way when one of this kind comes


async def serve(node: Node, kind: str) -> str:
    """Let the orders do the work, or refuse at once: 'served' or 'busy'."""
    if DESK.under_way >= ROOM[kind]:
        return "busy"
    DESK.under_way += 1
    try:
        await node.call("orders", "work", kind)
        return "served"
    finally:
        DESK.under_way -= 1
