"""A class holds the policy; the budget is a debt of at most fifteen retries, which every first attempt pays off by a tenth."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
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


@dataclass(frozen=True)
class Policy:
    """How often, and for how long."""

    attempts_max: int = 6
    timeout_s: float = 0.6

    def pauses(self) -> list[float]:
        return [pause_s(retry) for retry in range(1, self.attempts_max)]


POLICY = Policy()


def pause_s(retry: int) -> float:
    bounds = [0.1, 0.2, 0.4, 0.8]
    return random.uniform(0.0, 1.0) * (bounds[retry - 1] if retry <= 4 else PAUSE_S_MAX)


async def pay(node: Node, purchase_id: str, cents: int, within_s: float = 2.0) -> str:
    task = asyncio.create_task(decide(node, purchase_id, cents))
    done, _ = await asyncio.wait([task], timeout=within_s)
    if not done:
        task.cancel()
        return "unknown"
    return task.result()


async def decide(node: Node, purchase_id: str, cents: int) -> str:
    key = f"shop/{purchase_id}"
    for number, pause in enumerate([0.0, *POLICY.pauses()]):
        await asyncio.sleep(pause)
        if not may_call(BUDGET, retry=number > 0):
            return "unknown"
        try:
            with suppress(*TROUBLE):
                async with asyncio.timeout(POLICY.timeout_s):
                    await node.call("gateway", "charge", key, purchase_id, cents)
                return "paid"
        except Refused:
            return "refused"
    return "unknown"


@dataclass
class Debt:
    """How many retries were lent and are not paid off yet."""

    retries: float = 0.0


DEBT = Debt()


def may_call(budget: Budget, retry: bool) -> bool:
    if not retry:
        DEBT.retries = max(0.0, DEBT.retries - 0.1)
        return True
    if DEBT.retries + 1 > 15:
        return False
    DEBT.retries += 1
    return True
