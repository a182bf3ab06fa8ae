"""Latency or reliability: how to call a payment service that is sometimes slow and sometimes never answers.

An attempt is answered quickly, or slowly, or never; attempts fare independently of each other. An option says how many
attempts an order may make, when the next one begins, and whether the earlier ones are still listened to. Every attempt
carries the order's idempotency key (day 2), so that the service charges once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from random import Random

__all__ = ["OPTIONS", "Calls", "Policy", "play"]

ORDERS = 200_000
FAST_MS = (40.0, 160.0)
SLOW_MS = (1200.0, 2000.0)
"""A quick and a slow answer take this long: at least, at most."""
BOUND_MS = 450.0
"""An order that is answered later counts as slow."""
PATIENCE_MS = 2500.0
"""Whoever still listens hears nothing after this time."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How to call."""

    attempts: int
    next_after_ms: float
    """When an attempt has no answer after this time, the next one begins."""
    listens: bool
    """Are earlier attempts still listened to?"""

    @property
    def waits_for_slow_ones(self) -> bool:
        """Is an attempt given so long that a slow answer is still heard?"""
        return self.next_after_ms > SLOW_MS[1]


OPTIONS: dict[str, Policy] = {
    "one call": Policy(attempts=1, next_after_ms=2500, listens=False),
    "patient retry": Policy(attempts=2, next_after_ms=2500, listens=False),
    "hedge": Policy(attempts=2, next_after_ms=200, listens=True),
    "three quick tries": Policy(attempts=3, next_after_ms=250, listens=False),
}
"""The options, by name."""


@dataclass(frozen=True, kw_only=True)
class Calls:
    """The payment service as its callers see it."""

    slow: float
    """The share of attempts that are slow."""
    lost: float
    """The share of attempts that are never answered."""


def play(option: str, calls: Calls, *, seed: int = 1, orders: int = ORDERS) -> dict[str, float]:
    """What one option comes to: orders that fail, orders that are answered late, and attempts beyond the first."""
    if option not in OPTIONS:
        raise ValueError(f"There is no option {option!r}; there are {', '.join(OPTIONS)}.")
    policy, chance = OPTIONS[option], Random(f"{seed}/calls")
    failed = slow = extra = 0
    for lost in _bad_ones(calls, orders, chance):
        answered_ms, made = _order(policy, calls, lost, chance)
        extra += made - 1
        failed += answered_ms is None
        slow += answered_ms is not None and answered_ms > BOUND_MS
    return {
        "fails_per_1000": 1000 * failed / orders,
        "slow_per_1000": 1000 * slow / orders,
        "extra_calls_per_100": 100 * extra / orders,
    }


def _bad_ones(calls: Calls, orders: int, chance: Random) -> Iterator[bool]:
    """Orders whose first attempt is bad, and is it lost? The count jumps from one to the next: all others are answered quickly."""
    bad, at = calls.lost + calls.slow, -1
    while bad > 0:
        at += 1 if bad >= 1 else 1 + int(log(1 - chance.random()) / log(1 - bad))
        if at >= orders:
            return
        yield chance.random() < calls.lost / bad


def _order(policy: Policy, calls: Calls, lost: bool, chance: Random) -> tuple[float | None, int]:
    """When an order whose first attempt is bad has its answer, None for never; and how many attempts it made."""
    best: float | None = None
    for number in range(policy.attempts):
        starts_ms = number * policy.next_after_ms
        if best is not None and best <= starts_ms:
            return best, number
        until_ms = PATIENCE_MS if policy.listens else starts_ms + policy.next_after_ms
        takes_ms = _attempt_ms(calls, chance) if number else None if lost else chance.uniform(*SLOW_MS)
        if takes_ms is not None and starts_ms + takes_ms <= until_ms:
            best = min(best or until_ms, starts_ms + takes_ms)
    return best, policy.attempts


def _attempt_ms(calls: Calls, chance: Random) -> float | None:
    drawn = chance.random()
    if drawn < calls.lost:
        return None
    return chance.uniform(*(SLOW_MS if drawn < calls.lost + calls.slow else FAST_MS))
