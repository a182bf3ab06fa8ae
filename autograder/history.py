"""History: what every process asked of every backend in one run, and what it was told.

A *process* is one running copy of learner code (``relay-1``); after a crash the same process comes back as its next
*incarnation*. A *call* is one client request: a statement, a send, a GET. Its *outcome* is ``ok``, ``failed`` (it surely
had no effect) or ``unknown`` (the caller never heard, so the effect may or may not have happened). Time is logical: a
*tick* is the position of an event in the run, so two recordings of the same run are equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

__all__ = ["Backend", "Call", "History", "Mark", "MarkKind", "Outcome"]

Outcome = Literal["ok", "failed", "unknown"]
Backend = str
"""``postgres``, ``kafka``, ``redis`` or ``http``; in virtual time also the name of the service or process that is called."""
MarkKind = Literal[
    "start", "crash", "restart", "cut", "park", "pause", "resume", "end", "error", "note", "violation"
]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One client request and what became of it."""

    process: str
    backend: Backend
    label: str
    """Short and stable, without values: ``COMMIT``, ``insert outbox``, ``Produce purchases``."""
    occurrence: int = 1
    """The how-manieth call with this label this incarnation made, from 1."""
    incarnation: int = 1
    request: str = ""
    """The request as a reader wants to see it, values included."""
    answer: str = ""
    outcome: Outcome = "ok"
    effect: bool = False
    """Could this request change what others see? (DESIGN.md, decision 10)"""
    start: int = 0
    """Tick at which the request left its process."""
    end: int | None = None
    """Tick at which the answer came back; None when it never did."""
    waits_for: tuple[str, ...] = ()
    """The processes whose lock it waited for."""
    fault: str = ""
    """The fault that struck at this call: ``kill-before``, ``cut-after``, ``park``, ... or nothing."""
    one_way: bool = False
    """Nobody waits for an answer; its end is its arrival."""

    @property
    def point(self) -> str:
        """The call's name inside its run: ``COMMIT #2``."""
        return f"{self.label} #{self.occurrence}"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something that happened to a process, or that the judge has to say at that moment."""

    kind: MarkKind
    process: str
    at: int
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class History:
    """All calls and marks of one run, in order."""

    run: str
    """The run's name; it replays the run."""
    title: str = ""
    processes: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    marks: tuple[Mark, ...] = field(default=())

    def backends(self) -> tuple[str, ...]:
        """The backends that were called, in order of first use."""
        return tuple(dict.fromkeys(call.backend for call in self.calls))

    def by(self, process: str) -> tuple[Call, ...]:
        """The calls of one process, all incarnations, in order."""
        return tuple(call for call in self.calls if call.process == process)

    def with_violation(self, text: str, process: str, at: int | None = None) -> History:
        """The same history with the broken rule marked at its end."""
        tick = self.last_tick() + 1 if at is None else at
        return replace(self, marks=(*self.marks, Mark(kind="violation", process=process, at=tick, text=text)))

    def until(self, tick: int) -> History:
        """What had happened by this tick; calls that were under way then have no answer yet."""
        calls = tuple(
            call if call.end is None or call.end <= tick else replace(call, end=None, answer="", outcome="unknown")
            for call in self.calls
            if call.start <= tick
        )
        return replace(self, calls=calls, marks=tuple(mark for mark in self.marks if mark.at <= tick))

    def last_tick(self) -> int:
        """The tick of the last thing that happened; 0 for an empty history."""
        ticks = [call.end if call.end is not None else call.start for call in self.calls]
        return max([*ticks, *(mark.at for mark in self.marks)], default=0)

    def to_lines(self) -> str:
        """JSON lines: a header, then one line per call and mark."""
        head = {"run": self.run, "title": self.title, "processes": self.processes}
        rows = [{"history": head}]
        rows += [{"call": asdict(call)} for call in self.calls]
        rows += [{"mark": asdict(mark)} for mark in self.marks]
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    @classmethod
    def from_lines(cls, lines: str | Iterable[str]) -> History:
        """Read what :meth:`to_lines` wrote; raises ValueError where a line is not one of ours."""
        head: dict | None = None
        calls, marks = [], []
        for line in lines.splitlines() if isinstance(lines, str) else lines:
            row = json.loads(line)
            if "history" in row:
                head = row["history"]
            elif "call" in row:
                calls.append(Call(**{**row["call"], "waits_for": tuple(row["call"]["waits_for"])}))
            elif "mark" in row:
                marks.append(Mark(**row["mark"]))
            else:
                raise ValueError(f"not a line of a history: {line[:80]!r}")
        if head is None:
            raise ValueError("a history begins with its header line")
        return cls(
            run=head["run"],
            title=head["title"],
            processes=tuple(head["processes"]),
            calls=tuple(calls),
            marks=tuple(marks),
        )
