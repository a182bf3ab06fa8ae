"""Consistency or performance: who answers a read of the stock, the leader far away or a replica nearby.

The replicas apply every write a little late, and each of them is far behind for a part of the time. A read is *stale* when
it does not show a write that was acknowledged before it. Whoever answers serves one read at a time; the rest wait.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from random import Random

__all__ = ["OPTIONS", "Reads", "play"]

OPTIONS = ("leader", "nearest", "bounded")
"""The leader; the nearest replica; the nearest replica unless it is known to be far behind, then the leader."""
READS = 60_000
PRODUCTS = 300
CYCLE_S = 10.0
"""A replica falls behind once in so many seconds."""


@dataclass(frozen=True, kw_only=True)
class Reads:
    """Reads of the stock, and what they may ask."""

    rate_per_s: float
    work_ms: float
    """Mean work on one read; it varies as day 8's does."""
    leader_ms: float
    """There and back to the leader."""
    near_ms: float
    """There and back to the nearest replica."""
    replicas: int
    writes_per_s: float
    """Writes of one product."""
    lag_ms: float
    """How late a replica applies a write."""
    behind: float
    """The share of its time in which a replica is far behind."""
    behind_ms: float
    """How late it then applies a write."""


def play(option: str, reads: Reads, *, seed: int = 1, count: int = READS) -> dict[str, float]:
    """What one option comes to: reads that are stale, and the mean time of a read."""
    if option not in OPTIONS:
        raise ValueError(f"There is no option {option!r}; there are {', '.join(OPTIONS)}.")
    chance, written = Random(f"{seed}/reads"), _writes(reads, count, seed)
    free_at_ms = [0.0] * (1 + reads.replicas)
    now_ms, stale, total_ms = 0.0, 0, 0.0
    for _ in range(count):
        now_ms += chance.expovariate(reads.rate_per_s / 1000)
        near, work_ms, product = 1 + chance.randrange(reads.replicas), chance.expovariate(1) * reads.work_ms, chance.randrange(PRODUCTS)
        late = _is_behind(reads, near, now_ms)
        asks = 0 if option == "leader" or (option == "bounded" and late) else near
        way_ms = reads.near_ms if asks else reads.leader_ms
        arrives_ms = now_ms + way_ms / 2
        free_at_ms[asks] = max(arrives_ms, free_at_ms[asks]) + work_ms
        total_ms += free_at_ms[asks] - arrives_ms + way_ms
        lag_ms = 0.0 if not asks else reads.behind_ms if late else reads.lag_ms
        stale += _missed(written[product], now_ms, lag_ms)
    return {"stale_per_1000": 1000 * stale / count, "read_ms": total_ms / count}


def _writes(reads: Reads, count: int, seed: int) -> list[list[float]]:
    """When each product was written, until well after the last read."""
    end_ms = 1000 * (5 + 1.2 * count / reads.rate_per_s)
    chance, found = Random(f"{seed}/writes"), []
    for _ in range(PRODUCTS):
        at, moments = -reads.behind_ms, []
        while (at := at + 1000 * chance.expovariate(reads.writes_per_s)) < end_ms:
            moments.append(at)
        found.append(moments)
    return found


def _is_behind(reads: Reads, replica: int, now_ms: float) -> bool:
    """Each replica falls behind in its own part of the cycle."""
    return (now_ms / 1000 / CYCLE_S + replica / reads.replicas) % 1 < reads.behind


def _missed(moments: list[float], now_ms: float, lag_ms: float) -> bool:
    """Was there a write that is acknowledged and not yet applied here?"""
    return bisect_right(moments, now_ms) > bisect_right(moments, now_ms - lag_ms)
