"""The retry does not end the first attempt: it starts beside it after 0.3 s, and whichever answers first decides."""

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
    ends_s, pending, started = time.monotonic() + within_s, set(), 0
    while time.monotonic() < ends_s:
        if started < 4 and may_call(BUDGET, started > 0):
            pending.add(asyncio.ensure_future(node.call("gateway", "charge", purchase_id, purchase_id, cents)))
            started += 1
        elif not pending:
            break
        answer = await first_answer(pending, min(0.3 + pause_s(started), ends_s - time.monotonic()))
        if answer:
            return answer
    for call in pending:
        call.cancel()
    return "unknown"


async def first_answer(pending: set, wait_s: float) -> str:
    """What one of the calls has brought; nothing when all of them are silent or have failed."""
    done, _ = await asyncio.wait(pending, timeout=max(0.0, wait_s), return_when=asyncio.FIRST_COMPLETED)
    for call in done:
        pending.discard(call)
        if call.exception() is None:
            return "paid"
        if isinstance(call.exception(), Refused):
            return "refused"
    return ""


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
