"""Synchronous or asynchronous: how the order service tells the warehouse, which is away for a while.

A synchronous call waits for the warehouse, and an order that comes while it is away fails. An asynchronous one leaves an
event in a queue and answers; the warehouse works through what has gathered when it is back, while new orders arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

__all__ = ["OPTIONS", "Talk", "behind", "play"]

OPTIONS = ("synchronous", "asynchronous", "asynchronous, two consumers")
"""Wait for the warehouse; leave an event; leave an event for a warehouse that works twice as fast."""
LATE_S = 1.0
"""An event that is older than this when it has been handled is late."""


@dataclass(frozen=True, kw_only=True)
class Talk:
    """Orders, and the warehouse that must hear of them."""

    rate_per_s: float
    own_ms: float
    """What the order service needs for itself, the way to the buyer included."""
    wire_ms: float
    """There and back to the warehouse."""
    work_ms: float
    """Mean work of the warehouse on one order; it varies as day 8's does."""
    queue_ms: float
    """What it takes to leave an event in the queue."""
    away_s: float
    """For how long the warehouse is away."""
    window_s: float = 1800.0
    """The time that is looked at."""
    away_at_s: float = 60.0


def play(option: str, talk: Talk, *, seed: int = 1) -> dict[str, float]:
    """What one option comes to: orders that fail, the mean answer, and for how long the warehouse is behind."""
    if option not in OPTIONS:
        raise ValueError(f"There is no option {option!r}; there are {', '.join(OPTIONS)}.")
    waits = option == "synchronous"
    speed = 2 if option.endswith("two consumers") else 1
    chance, back_s = Random(f"{seed}/talk"), talk.away_at_s + talk.away_s
    now = free_at = 0.0
    asked = failed = answered = 0
    answers_ms, late_until = 0.0, talk.away_at_s
    while (now := now + chance.expovariate(talk.rate_per_s)) < talk.window_s:
        asked += 1
        work_s = chance.expovariate(1) * talk.work_ms / 1000 / speed
        if waits and talk.away_at_s <= now < back_s:
            failed += 1
            continue
        start = max(now, free_at)
        if talk.away_at_s <= start < back_s:
            start = back_s
        free_at = start + work_s
        answered += 1
        answers_ms += talk.own_ms + (talk.wire_ms + 1000 * (free_at - now) if waits else talk.queue_ms)
        if free_at - now > LATE_S:
            late_until = max(late_until, free_at)
    return {
        "fails_per_1000": 1000 * failed / asked,
        "answer_ms": answers_ms / answered,
        "behind_s": 0.0 if waits else min(late_until, talk.window_s) - talk.away_at_s,
    }


def behind(option: str, talk: Talk, *, seed: int = 1, every_s: float = 5.0) -> list[tuple[float, int]]:
    """How many orders the warehouse has not heard of yet, at moments of the window: (second, orders)."""
    speed = 2 if option.endswith("two consumers") else 1
    chance, back_s = Random(f"{seed}/talk"), talk.away_at_s + talk.away_s
    now = free_at = 0.0
    changes: list[tuple[float, int]] = []
    while (now := now + chance.expovariate(talk.rate_per_s)) < talk.window_s:
        work_s = chance.expovariate(1) * talk.work_ms / 1000 / speed
        start = max(now, free_at)
        free_at = (back_s if talk.away_at_s <= start < back_s else start) + work_s
        changes += [(now, 1), (free_at, -1)]
    changes.sort()
    found, waiting, at = [], 0, 0
    for step in range(int(talk.window_s / every_s) + 1):
        while at < len(changes) and changes[at][0] <= step * every_s:
            waiting += changes[at][1]
            at += 1
        found.append((step * every_s, waiting))
    return found
