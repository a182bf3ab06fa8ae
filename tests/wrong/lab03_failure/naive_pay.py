"""The version that the lab gives: it waits for whatever comes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shop import Broken, Node, Refused, Unavailable

FIRST_PAUSE_S, PAUSE_S_MAX = 0.1, 1.0  # the bound of the first pause, and of every pause
TROUBLE = (TimeoutError, Unavailable, Broken, ConnectionError)  # what may be over when you try again


@dataclass
class Budget:
    """What this process may still spend on retries; all its buyers share it."""

    tokens: float = 10.0


BUDGET = Budget()


def pauses(node: Node, retry: int, times: int) -> list[float]:
    """For the check of task 1: the pause before the same retry, drawn many times."""
    return [pause_s(retry) for _ in range(times)]


async def naive_pay(node: Node, purchase_id: str, cents: int) -> str:
    """Ask the gateway, up to three times, and tell the buyer what it says."""
    for attempt in range(3):
        try:
            await node.call("gateway", "charge", purchase_id, purchase_id, cents)
            return "paid"
        except Refused:
            return "refused"
        except TROUBLE:
            continue
    return "unknown"
