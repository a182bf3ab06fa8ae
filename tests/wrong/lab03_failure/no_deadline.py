"""Every attempt has its timeout, and nothing limits all of them together."""

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


def pause_s(retry: int) -> float:
    """Draw the seconds to wait before a retry, counted from 1: full jitter under a bound that doubles.

    >>> pause_s(1), pause_s(3)  # anywhere from 0 to 0.1, anywhere from 0 to 0.4
    (0.0731, 0.1172)
    """
    return random.uniform(0, min(PAUSE_S_MAX, FIRST_PAUSE_S * 2 ** (retry - 1)))


async def pay(node: Node, purchase_id: str, cents: int, within_s: float = 2.0) -> str:
    """Charge a purchase once, and say within `within_s` seconds what became of it: paid, refused, or unknown.

    >>> await pay(node, "p-1", 4900)
    'paid'
    """
    return await attempts(node, purchase_id, cents)


async def attempts(node: Node, purchase_id: str, cents: int) -> str:
    retry = 0
    while retry < 4 and may_call(BUDGET, retry > 0):
        try:
            async with asyncio.timeout(1.0):
                await node.call("gateway", "charge", purchase_id, purchase_id, cents)
            return "paid"
        except Refused:
            return "refused"
        except TROUBLE:
            retry += 1
            await asyncio.sleep(pause_s(retry))
    return "unknown"


def may_call(budget: Budget, retry: bool) -> bool:
    """May an attempt start now? The first attempt of a buyer always may; a retry only while the budget lasts.

    >>> may_call(Budget(tokens=1.0), retry=True), may_call(Budget(tokens=0.0), retry=True)
    (True, False)
    """
    if not retry:
        budget.tokens = min(10.0, budget.tokens + 0.1)
        return True
    if budget.tokens < 1:
        return False
    budget.tokens -= 1
    return True
