"""Who finds no place waits half a second for one, and is refused then."""

from __future__ import annotations

import asyncio

from shop import Node


PLACES = {kind: asyncio.Semaphore(places) for kind, places in (("checkout", 4), ("page", 6), ("crawler", 2))}


async def serve(node: Node, kind: str) -> str:
    """Let the orders do the work, or refuse at once: 'served' or 'busy'."""
    try:
        async with asyncio.timeout(0.4):
            await PLACES[kind].acquire()
    except TimeoutError:
        return "busy"
    try:
        await node.call("orders", "work", kind)
        return "served"
    finally:
        PLACES[kind].release()
