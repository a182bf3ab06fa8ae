"""Ledger: what everybody asked and was told, as it becomes the history of the run.

A tick is a microsecond of virtual time, and no two events share one: what ended before something else began has the
smaller tick.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.history import Call, History, Mark, MarkKind, Outcome

__all__ = ["Entry", "Ledger", "Record", "ms"]

TEXT_LENGTH_MAX = 300


def ms(tick: int) -> float:
    """A tick of a history in virtual time, as milliseconds since the run began."""
    return tick / 1000


@dataclass(frozen=True, kw_only=True)
class Record:
    """One call with the values themselves, for rules that compute with them."""

    caller: str
    callee: str
    method: str
    args: tuple[Any, ...]
    value: Any
    """The answer; None where there was none."""
    outcome: Outcome
    start: int
    end: int | None
    """Tick at which the caller heard the answer; None when it never did."""
    incarnation: int


@dataclass(eq=False)
class Entry:
    """A call that is still being recorded."""

    caller: str
    callee: str
    method: str
    args: tuple[Any, ...]
    occurrence: int
    incarnation: int
    start: int
    recorded: bool
    reads: bool = False
    one_way: bool = False
    end: int | None = None
    value: Any = None
    answer: str = ""
    outcome: Outcome = "unknown"
    fault: str = ""

    def call(self) -> Call:
        """The call as the history keeps it."""
        return Call(
            process=self.caller,
            backend=self.callee,
            label=self.method,
            occurrence=self.occurrence,
            incarnation=self.incarnation,
            request=_shown(self.method, self.args),
            answer=self.answer[:TEXT_LENGTH_MAX],
            outcome=self.outcome,
            effect=not self.reads,
            start=self.start,
            end=self.end,
            fault=self.fault,
            one_way=self.one_way,
        )

    def record(self) -> Record:
        """The call with its values."""
        return Record(
            caller=self.caller, callee=self.callee, method=self.method, args=self.args, value=self.value,
            outcome=self.outcome, start=self.start, end=None if self.outcome == "unknown" else self.end,
            incarnation=self.incarnation,
        )  # fmt: skip


def _shown(method: str, args: tuple[Any, ...]) -> str:
    listed = ", ".join(short(arg) for arg in args)
    return f"{method}({listed})"[:TEXT_LENGTH_MAX]


def short(value: Any) -> str:
    """A value as a reader of the picture wants to see it."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key}: {short(item)}" for key, item in value.items() if key != "$")
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(short(item) for item in value)}]"
    return repr(value) if isinstance(value, float) else str(value)


@dataclass
class Ledger:
    """Collects one run."""

    now: Callable[[], float]
    entries: list[Entry] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    clients: dict[str, None] = field(default_factory=dict)
    """Who calls and is not a process; pictures have them first."""
    processes: dict[str, None] = field(default_factory=dict)
    last: int = 0
    _seen: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    def tick(self) -> int:
        """The tick of what happens now."""
        self.last = max(self.last + 1, round(self.now() * 1e6))
        return self.last

    def begin(
        self, caller: str, callee: str, method: str, args: tuple[Any, ...], *, incarnation: int = 1, recorded: bool = True
    ) -> Entry:
        """A call leaves its caller."""
        self._seen[caller, incarnation, method] += 1
        entry = Entry(
            caller=caller, callee=callee, method=method, args=args, incarnation=incarnation, recorded=recorded,
            occurrence=self._seen[caller, incarnation, method], start=self.tick() if recorded else self.last,
        )  # fmt: skip
        if recorded:
            if caller not in self.processes:
                self.clients.setdefault(caller)
            self.entries.append(entry)
        return entry

    def heard(self, entry: Entry, outcome: Outcome, value: Any, answer: str) -> None:
        """The caller knows, or has given up."""
        if entry.end is None:
            entry.end = self.tick() if entry.recorded else self.last
            entry.outcome, entry.value, entry.answer = outcome, value, answer

    def mark(self, kind: MarkKind, process: str, text: str = "") -> None:
        """Something happened to a process."""
        self.marks.append(Mark(kind=kind, process=process, at=self.tick(), text=text))

    def history(self, run: str, title: str) -> History:
        """The run so far, frozen."""
        return History(
            run=run,
            title=title,
            processes=(*self.clients, *self.processes),
            calls=tuple(entry.call() for entry in self.entries),
            marks=tuple(self.marks),
        )

    def records(self) -> tuple[Record, ...]:
        """All recorded calls with their values."""
        return tuple(entry.record() for entry in self.entries)
