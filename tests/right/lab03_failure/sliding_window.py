"""The budget counts the retries of the last ten seconds; attempts end by wait_for, and the deadline is a moment on the clock."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
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
    bound_s = FIRST_PAUSE_S
    for _ in range(retry - 1):
        bound_s = min(PAUSE_S_MAX, bound_s * 2)
    return random.random() * bound_s


async def pay(node: Node, purchase_id: str, cents: int, within_s: float = 2.0) -> str:
    ends_s = time.monotonic() + within_s
    for retry in range(1, 5):
        left_s = ends_s - time.monotonic()
        if left_s <= 0 or not may_call(BUDGET, retry > 1):
            break
        try:
            charge = node.call("gateway", "charge", f"payment of {purchase_id}", purchase_id, cents)
            await asyncio.wait_for(charge, min(0.4, left_s))
            return "paid"
        except Refused:
            return "refused"
        except TROUBLE:
            await asyncio.sleep(min(pause_s(retry), max(0.0, ends_s - time.monotonic())))
    return "unknown"


FIRST: deque[float] = deque()
AGAIN: deque[float] = deque()


def may_call(budget: Budget, retry: bool) -> bool:
    now_s = time.monotonic()
    for times in (FIRST, AGAIN):
        while times and times[0] <= now_s - 10:
            times.popleft()
    if retry and len(AGAIN) >= max(5, len(FIRST) // 10):
        return False
    (AGAIN if retry else FIRST).append(now_s)
    return True


class TurnedAway(Exception):
    """The breaker let no call start."""


@dataclass
class Breaker:
    """What the breaker remembers; all buyers of the process share it."""

    failures: int = 0  # in a row
    opened_at_s: float | None = None  # None: closed
    probing: bool = False  # half-open, and the one call that may is on its way


BREAKER = Breaker()
FAILURES_MAX, OPEN_S = 5, 5.0


async def guarded_pay(node: Node, purchase_id: str, cents: int) -> str:
    async def attempt() -> str:
        async with asyncio.timeout(0.5):
            await node.call("gateway", "charge", purchase_id, purchase_id, cents)
        return "paid"

    try:
        return await guarded(BREAKER, attempt)
    except Refused:
        return "refused"
    except TurnedAway:
        return "later"
    except TROUBLE:
        return "unknown"


async def guarded(breaker: Breaker, attempt: Callable[[], Awaitable[str]]) -> str:
    if breaker.opened_at_s is None:
        return await watched(breaker, attempt)
    if breaker.probing or time.monotonic() - breaker.opened_at_s < OPEN_S:
        raise TurnedAway
    breaker.probing = True
    try:
        return await watched(breaker, attempt)
    finally:
        breaker.probing = False


async def watched(breaker: Breaker, attempt: Callable[[], Awaitable[str]]) -> str:
    """Let the call go, and remember what came of it."""
    works = False
    try:
        answer = await attempt()
        works = True
        return answer
    except Refused:
        works = True
        raise
    finally:
        breaker.failures = 0 if works else breaker.failures + 1
        if works:
            breaker.opened_at_s = None
        elif breaker.probing or breaker.failures >= FAILURES_MAX:
            breaker.opened_at_s = time.monotonic()
