"""Recorder: turns the requests that the tap saw into a history with logical time."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from autograder.history import Call, History, Mark, MarkKind, Outcome
from autograder.tap import Request

__all__ = ["Recorder"]

TEXT_LENGTH_MAX = 300
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

    def freeze(self) -> Call:
        return Call(**self.__dict__)


@dataclass
class Recorder:
    """Collects one run. A tick passes with every request, answer and mark."""

    tick: int = 0
    entries: list[_Entry] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    processes: dict[str, int] = field(default_factory=dict)
    _open: dict[Request, _Entry] = field(default_factory=dict)
    _seen: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    def begin(self, process: str) -> int:
        """A process starts, or starts again; returns its incarnation, from 1."""
        incarnation = self.processes.get(process, 0) + 1
        self.processes[process] = incarnation
        return incarnation

    def request(self, request: Request) -> _Entry:
        """The request has left its process."""
        self.tick += 1
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
        )
        self.entries.append(entry)
        self._open[request] = entry
        return entry

    def entry(self, request: Request) -> _Entry | None:
        """The record of a request that this run has seen."""
        return self._open.get(request)

    def answer(self, request: Request) -> _Entry | None:
        """The whole answer is here; whether the process hears it is decided by whoever holds the fault."""
        entry = self._open.get(request)
        if entry is None:
            return None
        self.tick += 1
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
        self.tick += 2
        self.entries.append(
            _Entry(process, "postgres", label, self._seen[key], 1, request, effect, self.tick - 1, self.tick, answer, "ok")
        )

    def mark(self, kind: MarkKind, process: str, text: str = "") -> None:
        """Note what happened to a process."""
        self.tick += 1
        self.marks.append(Mark(kind=kind, process=process, at=self.tick, text=text))

    def history(self, run: str, title: str) -> History:
        """The run so far, frozen."""
        return History(
            run=run,
            title=title,
            processes=tuple(self.processes),
            calls=tuple(entry.freeze() for entry in self.entries),
            marks=tuple(self.marks),
        )
