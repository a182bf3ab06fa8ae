"""Nothing ever closes it."""

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
    if probe:
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
