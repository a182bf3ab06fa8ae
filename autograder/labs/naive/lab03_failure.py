"""The naive hand-in of lab 3: equal pauses, three attempts for everybody, and a wait that only an answer ends."""

from __future__ import annotations

import asyncio
from typing import Any

from shop import Broken, Node, Refused, Unavailable

__all__ = ["may_call", "pause_s", "pay"]


def pause_s(retry: int) -> float:
    """Wait a tenth of a second."""
    return 0.1


async def pay(node: Node, purchase_id: str, cents: int, within_s: float = 2.0) -> str:
    """Ask the gateway, up to three times, and tell the buyer what it says."""
    for retry in range(1, 4):
        try:
            await node.call("gateway", "charge", purchase_id, purchase_id, cents)
            return "paid"
        except Refused:
            return "refused"
        except (Unavailable, Broken, ConnectionError):
            await asyncio.sleep(pause_s(retry))
    return "unknown"


def may_call(budget: Any, retry: bool) -> bool:
    """Nobody is ever stopped."""
    return True
