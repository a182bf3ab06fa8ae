"""A recorded hour of the shop's pages, in small: which entries were looked at, when they changed, how large they are."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["KINDS", "MEMORY_BYTES", "Kind", "recorded"]

MEMORY_BYTES = 400_000
"""What the cache may hold; when it is full, the entry that was not looked at for longest is evicted."""
SECONDS = 300
LOOKS_PER_S = 30


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of entry."""

    keys: int
    bytes: int
    """The size of one entry."""
    looks: int
    """Its share of all looks, in hundredths."""
    changes_per_s: float
    """Of all its entries together."""
    stale_max_s: float
    """How long after a change the old value may still be shown."""
    even: bool = False
    """Are all its keys looked at alike? Else a few are looked at most of the time."""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "product": Kind(keys=300, bytes=2_000, looks=30, changes_per_s=0.5, stale_max_s=60),
        "stock": Kind(keys=300, bytes=100, looks=25, changes_per_s=20, stale_max_s=2),
        "category": Kind(keys=20, bytes=4_000, looks=15, changes_per_s=0.2, stale_max_s=120),
        "search": Kind(keys=4_000, bytes=12_000, looks=12, changes_per_s=5, stale_max_s=300, even=True),
        "recommendation": Kind(keys=400, bytes=6_000, looks=8, changes_per_s=1, stale_max_s=600, even=True),
        "cart": Kind(keys=200, bytes=500, looks=10, changes_per_s=10, stale_max_s=0),
    }
)
"""What the shop could cache."""


def recorded(hour: int) -> list[tuple[float, str, str, int]]:
    """What happened: second, ``look`` or ``change``, kind, number of the entry; in the order of time.

    >>> recorded(1)[0]
    (0.0, 'look', 'search', 1210)
    """
    chance = random.Random(f"hour {hour}")
    names, keys = list(KINDS), {name: _popularity(kind) for name, kind in KINDS.items()}
    looks = chance.choices(names, [kind.looks for kind in KINDS.values()], k=SECONDS * LOOKS_PER_S)
    log = [
        (round(number / LOOKS_PER_S, 3), "look", name, chance.choices(range(KINDS[name].keys), cum_weights=keys[name])[0])
        for number, name in enumerate(looks)
    ]
    for name, kind in KINDS.items():
        for _ in range(round(kind.changes_per_s * SECONDS)):
            entry = chance.choices(range(kind.keys), cum_weights=keys[name])[0]
            log.append((round(chance.uniform(0, SECONDS), 3), "change", name, entry))
    return sorted(log)


def _popularity(kind: Kind) -> list[float]:
    return list(itertools.accumulate(1.0 if kind.even else 1 / (rank + 1) for rank in range(kind.keys)))
