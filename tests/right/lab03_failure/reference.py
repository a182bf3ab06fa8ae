"""The reference of lab 3."""

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
    try:
        async with asyncio.timeout(within_s):
            return await attempts(node, purchase_id, cents)
    except TimeoutError:
        return "unknown"


async def attempts(node: Node, purchase_id: str, cents: int) -> str:
    retry = 0
    while may_call(BUDGET, retry > 0):
        try:
            async with asyncio.timeout(0.5):
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
    """Await attempt() and return its answer, or raise TurnedAway at once where the breaker lets no call start.

    What attempt() raises is raised again. `Refused` is an answer of a gateway that works.
    """
    probe = breaker.opened_at_s is not None
    if probe and (breaker.probing or time.monotonic() < breaker.opened_at_s + OPEN_S):
        raise TurnedAway
    breaker.probing = probe
    try:
        answer = await attempt()
    except Refused:
        breaker.failures, breaker.opened_at_s = 0, None
        raise
    except TROUBLE:
        breaker.failures += 1
        if probe or breaker.failures >= FAILURES_MAX:
            breaker.opened_at_s = time.monotonic()
        raise
    finally:
        if probe:
            breaker.probing = False
    breaker.failures, breaker.opened_at_s = 0, None
    return answer


async def order(node: Node, purchase_id: str, cents: int) -> str:
    """Ask the payment service, with `node.call("payments", "pay", purchase_id, cents, within_s)`; answer within 2 seconds.

    >>> await order(node, "p-1", 4900)
    'paid'
    """
    ends_s, retry = time.monotonic() + 1.95, 0
    while may_call(BUDGET, retry > 0):
        within_s = min(0.8, ends_s - time.monotonic() - 0.05)
        if within_s <= 0:
            break
        try:
            async with asyncio.timeout(within_s + 0.05):  # silence: the payment service would have answered by now
                return await node.call("payments", "pay", purchase_id, cents, within_s)
        except TROUBLE:
            retry += 1
            await asyncio.sleep(pause_s(retry))
    return "unknown"
