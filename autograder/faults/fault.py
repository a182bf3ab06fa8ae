"""A fault: one kind of thing that goes wrong, on one side of one request. Data only; engines make it happen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from autograder.faults.crash import CRASH
from autograder.faults.cut import CUT
from autograder.faults.delay import DELAY
from autograder.faults.drop import DROP
from autograder.faults.duplicate import DUPLICATE
from autograder.faults.error import ERROR
from autograder.faults.evict import EVICT
from autograder.faults.isolate import ISOLATE
from autograder.faults.kind import KindOfFault, Side
from autograder.faults.park import PARK
from autograder.faults.pause import PAUSE
from autograder.history import Backend

__all__ = ["CRASH_POINT_FAULTS", "EVICTIONS", "KINDS", "PAUSE_FAULTS", "Fault", "Kind"]

Kind = Literal["crash", "cut", "park", "pause", "evict", "delay", "drop", "duplicate", "isolate", "error"]

KINDS: Mapping[Kind, KindOfFault] = MappingProxyType(
    {
        "crash": CRASH,
        "cut": CUT,
        "park": PARK,
        "pause": PAUSE,
        "evict": EVICT,
        "delay": DELAY,
        "drop": DROP,
        "duplicate": DUPLICATE,
        "isolate": ISOLATE,
        "error": ERROR,
    }  # fmt: skip
)
BACKENDS: Mapping[Backend, str] = MappingProxyType(
    {"postgres": "Postgres", "kafka": "Kafka", "redis": "Redis", "http": "the service", "warehouse": "the warehouse"}
)
NAME = re.compile(r"(?P<word>[a-z]+)(?:-(?P<side>before|after))?(?:-(?P<delay_ms>\d+)ms)?(?:-(?P<code>\w+))?")


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and when; ``Fault("crash", "before").name`` is ``kill-before``."""

    kind: Kind
    side: Side = ""
    delay_ms: int = 0
    code: str = ""
    """What the backend says when it refuses: a SQLSTATE, the first word of a Redis error, an HTTP status."""

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise ValueError(f"no fault is called {self.kind!r}; there are {', '.join(KINDS)}")
        if self.side not in kind.sides:
            sides = " or ".join(repr(side) for side in kind.sides)
            raise ValueError(f"a {self.kind} has the side {sides}, not {self.side!r}")
        if self.delay_ms < 0 or (self.delay_ms > 0) != kind.has_delay:
            raise ValueError(f"a {self.kind} {'needs a delay_ms above 0' if kind.has_delay else 'has no delay_ms'}")
        if bool(self.code) != kind.has_code or not re.fullmatch(r"\w*", self.code):
            raise ValueError(f"a {self.kind} {'needs a code of one word' if kind.has_code else 'has no code'}")

    @property
    def name(self) -> str:
        """Short, stable, and enough to make the fault again: ``kill-before``, ``delay-after-500ms``."""
        delay = f"{self.delay_ms}ms" if self.delay_ms else ""
        return "-".join(part for part in (KINDS[self.kind].word, self.side, delay, self.code) if part)

    def story(self, point: str, backend: Backend) -> str:
        """What happened, for people: ``killed before COMMIT #1 reached Postgres``."""
        sentence = KINDS[self.kind].sentences[self.side]
        return sentence.format(point=point, backend=BACKENDS[backend], delay_ms=self.delay_ms, code=self.code)

    @classmethod
    def named(cls, name: str) -> Fault:
        """The fault with this name; raises ValueError where there is none."""
        match = NAME.fullmatch(name)
        kind = next((kind for kind, known in KINDS.items() if match and known.word == match["word"]), None)
        if match is None or kind is None:
            raise ValueError(f"no fault is called {name!r}; names look like kill-before, park, delay-after-500ms")
        return cls(kind, match["side"] or "", int(match["delay_ms"] or 0), match["code"] or "")


CRASH_POINT_FAULTS = (
    Fault("crash", "before"),
    Fault("crash", "after"),
    Fault("cut", "before"),
    Fault("cut", "after"),
    Fault("park"),
)
"""What is tried at every crash point, cheap first: a park has to wait until the program is quiet."""

PAUSE_FAULTS = (Fault("pause"),)
"""The minimal schedule gate: one process is held before a call while another runs as far as it gets."""

EVICTIONS = (Fault("evict"),)
"""A rebalance with messages in flight: a consumer is held, loses its Kafka partitions to another, and then goes on."""
