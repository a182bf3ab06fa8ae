"""An incident of one's own for every learner of lab 11: drawn from a name, really run, recorded. A wrong answer spends it.

The code of an incident (:mod:`autograder.labs.codes`) gives the same recording and the same truth everywhere. The truth is
the fault that was injected; the orders that it touched are those that end otherwise than in the same run without it.
What becomes of one after a wrong answer is :mod:`autograder.labs.lab11_spent`'s.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from autograder.labs import codes
from autograder.labs.lab11_shop import KINDS, Recorded, record
from autograder.labs.lab11_signals import Signals

__all__ = ["CONTRACTS", "LAB", "NAME_LENGTH_MAX", "Incident", "code_of", "draw_of", "incident_of", "name_of"]

LAB = "lab11"
TOUCHED_MIN, TOUCHED_MAX = 4, 20
"""How many orders an incident touches."""
NAME_LENGTH_MAX = 24
"""Letters of a name that are kept: the number of the draw comes after them, and a code keeps 30 in all."""

CONTRACTS = {
    "api": "every line of an order carries the correlation id of that order's own request",
    "cache": "a price that it hands out is at most 20 s old; while a price is being fetched, nobody begins to fetch it again",
    "pool": "there are four connections, and whoever has taken one gives it back within 1 s; whoever gets none within 1 s is refused",
    "stock": "its clock, like every clock here, is at most 0.5 s away from any other; a reservation holds for 10 s",
    "payment": "it makes at most 3 attempts, with a pause of at least 400 ms before the second and at least 800 ms before the third",
    "gateway": "it refuses as busy what is more than 10 attempts a second, and now and then everything for a second; what it takes"
    " on it answers within 800 ms; a key is charged once, however often it comes",
    "relay": "a message carries the correlation id of its own order; a row is marked only when it was published, and what failed is"
    " published later",
    "warehouse": "it tries a message at most 3 times and then sets it aside; it commits an offset only when everything before it was"
    " packed or set aside; what comes again is not packed again",
}
"""What each component keeps, unless it is the one that fails."""


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One recording, and the truth about it."""

    code: str
    kind: str
    signals: Signals
    first: str
    """The line with which the component first breaks its contract."""
    orders: tuple[str, ...]
    """The orders that end otherwise than they would have."""

    @property
    def component(self) -> str:
        """Whose contract was broken."""
        return KINDS[self.kind]


def code_of(name: str, draw: int = 1) -> str:
    """The code of the so-many-th incident of a name; raises ValueError for a name without letters."""
    if not any(letter.isalpha() for letter in name):
        raise ValueError("It is drawn from a name: give your own, with at least one letter.")
    slug = codes.slug_from(name)[:NAME_LENGTH_MAX].strip("-")
    return codes.code_of(f"{slug} {draw}", LAB)


def draw_of(code: str) -> int:
    """Which incident of its name this is, counted from 1; raises NoSuchCode."""
    return _parts_of(code)[1]


def name_of(code: str) -> str:
    """The name that an incident was drawn from, as its code has it; raises NoSuchCode."""
    return _parts_of(code)[0]


def _parts_of(code: str) -> tuple[str, int]:
    found = re.fullmatch(r"(.+)-([1-9]\d*)", codes.slug_of(code, LAB))
    if found is None:
        raise codes.NoSuchCode(f"No incident has the code {code!r:.60}: copy the one that the cell of your name prints.")
    return found[1], int(found[2])


@lru_cache(maxsize=32)
def incident_of(code: str) -> Incident:
    """The incident of a code; raises NoSuchCode for a code that belongs to no name."""
    draw_of(code)
    slug = codes.slug_of(code, LAB)
    chance = Random(f"{LAB} {slug}")
    kind = chance.choice(tuple(KINDS))
    attempt = 0
    while True:
        seed, attempt = f"{LAB} {slug} {attempt}", attempt + 1
        found = _puzzle(code, kind, *_runs(seed, kind))
        if found is not None:
            return found


def _runs(seed: str, kind: str) -> tuple[Recorded, Recorded]:
    """The run with the fault and the one without it; in a thread, because a notebook's own has a running event loop."""
    runs: list[Recorded] = []

    def both() -> None:
        runs.extend(record(seed, kind, with_fault=with_fault) for with_fault in (True, False))

    thread = threading.Thread(target=both)
    thread.start()
    thread.join()
    return runs[0], runs[1]


def _puzzle(code: str, kind: str, broken: Recorded, calm: Recorded) -> Incident | None:
    """The incident, unless it touches too few orders or too many, or the ordinary day was no ordinary day."""
    touched = tuple(sorted(name for name, ending in calm.endings.items() if ending != broken.endings[name]))
    failed = sum(ending.status >= 500 for ending in calm.endings.values())
    if not (TOUCHED_MIN <= len(touched) <= TOUCHED_MAX and broken.first_broken and failed <= 1):
        return None
    return Incident(code=code, kind=kind, signals=broken.signals, first=broken.first_broken, orders=touched)
