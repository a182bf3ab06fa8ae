"""Recorder: turns the requests that the tap saw into a history with logical time."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from autograder.history import Call, History, Mark, MarkKind, Outcome
from autograder.tap import Request

__all__ = ["PREPARATIONS", "Recorder"]

TEXT_LENGTH_MAX = 300
STEP = 10
"""Ticks between two things that happen, so that there is room to settle what happens beside them."""
PREPARATIONS = ("InitProducerId",)
"""Labels of what a client does in the background before its first real call."""
_PRODUCER_ID = re.compile(r"\bproducer \d+")


def _same_every_time(answer: str) -> str:
    """An answer without the one number that the broker never gives twice."""
    return _PRODUCER_ID.sub("a producer id", answer)


@dataclass
class _Entry:
    """A call that is still being recorded."""

    process: str
    backend: str
    label: str
    occurrence: int
    incarnation: int
    request: str
    effect: bool
    start: int
    end: int | None = None
    answer: str = ""
    outcome: Outcome = "unknown"
    waits_for: tuple[str, ...] = ()
    fault: str = ""
    attempt: int = 0

    def freeze(self) -> Call:
        fields = {name: value for name, value in self.__dict__.items() if name != "attempt"}
        return Call(**fields)


@dataclass
class Recorder:
    """Collects one run. Time moves on by one step with every request, answer and mark."""

    tick: int = 0
    entries: list[_Entry] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    processes: dict[str, int] = field(default_factory=dict)
    _attempts: Counter[str] = field(default_factory=Counter)
    _open: dict[Request, _Entry] = field(default_factory=dict)
    _seen: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    def begin(self, process: str) -> int:
        """A process starts, or starts again; returns its incarnation, from 1."""
        incarnation = self.processes.get(process, 0) + 1
        self.processes[process] = incarnation
        return incarnation

    def attempt(self, process: str) -> None:
        """The process calls the learner's function, perhaps not for the first time."""
        self._attempts[process] += 1

    def request(self, request: Request) -> _Entry:
        """The request has left its process."""
        self.tick += STEP
        incarnation = self.processes.get(request.process, 1)
        key = (request.process, incarnation, request.label)
        self._seen[key] += 1
        entry = _Entry(
            process=request.process,
            backend=request.backend,
            label=request.label,
            occurrence=self._seen[key],
            incarnation=incarnation,
            request=request.text[:TEXT_LENGTH_MAX],
            effect=request.effect,
            start=self.tick,
            attempt=self._attempts[request.process],
        )
        self.entries.append(entry)
        self._open[request] = entry
        return entry

    def leaves(self, request: Request) -> None:
        """A request that was held leaves its process only now: what others did meanwhile came before it."""
        entry = self._open.get(request)
        if entry is not None:
            self.tick += STEP
            entry.start = self.tick

    def entry(self, request: Request) -> _Entry | None:
        """The record of a request that this run has seen."""
        return self._open.get(request)

    def answer(self, request: Request) -> _Entry | None:
        """The whole answer is here; whether the process hears it is decided by whoever holds the fault."""
        entry = self._open.get(request)
        if entry is None:
            return None
        self.tick += STEP
        entry.answer = _same_every_time(request.answer or request.error or "")[:TEXT_LENGTH_MAX]
        entry.outcome = "failed" if request.error else "ok"
        entry.end = self.tick
        return entry

    def unheard(self, entry: _Entry) -> None:
        """The effect has happened, or may have, and the process will never know."""
        entry.outcome, entry.end = "unknown", None

    def direct(self, process: str, label: str, request: str, answer: str, *, effect: bool = True) -> None:
        """A call that the judge makes itself in the role of another service."""
        self.processes.setdefault(process, 1)
        key = (process, 1, label)
        self._seen[key] += 1
        self.tick += 2 * STEP
        self.entries.append(
            _Entry(process, "postgres", label, self._seen[key], 1, request, effect, self.tick - STEP, self.tick, answer, "ok")
        )

    def mark(self, kind: MarkKind, process: str, text: str = "") -> None:
        """Note what happened to a process."""
        self.tick += STEP
        self.marks.append(Mark(kind=kind, process=process, at=self.tick, text=text))

    def history(self, run: str, title: str) -> History:
        """The run so far, frozen."""
        calls = [self._settled(entry).freeze() for entry in self.entries]
        return History(
            run=run,
            title=title,
            processes=tuple(self.processes),
            calls=tuple(sorted(calls, key=lambda call: call.start)),
            marks=tuple(self.marks),
        )

    def _settled(self, entry: _Entry) -> _Entry:
        """A producer's preparation, moved to the latest moment at which it can have happened; others as they are.

        It runs in a thread of its own beside the other calls, so its place among them is an accident. Every place before
        the process's next Kafka call tells the same story; taking always the same one makes repetitions equal.
        """
        if entry.label not in PREPARATIONS or entry.fault or entry.end is None:
            return entry
        same = [other for other in self.entries if (other.process, other.attempt) == (entry.process, entry.attempt)]
        later = [other.start for other in same if other.backend == "kafka" and other.start > entry.start]
        if later:
            return replace(entry, start=min(later) - 2, end=min(later) - 1)
        last = max(other.end or other.start for other in same)
        return replace(entry, start=last + 1, end=last + 2)
