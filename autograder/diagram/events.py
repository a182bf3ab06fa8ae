"""Events: the calls and marks of a history, numbered in the order in which they happened.

The number of an event is the same in the picture, in the text beside it and in the report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autograder.history import Call, History, Mark

__all__ = [
    "Event",
    "Transaction",
    "events",
    "is_commit",
    "is_heard",
    "is_held",
    "is_rollback",
    "reached",
    "transactions",
]

_SILENT_WITHOUT_TEXT = ("start", "end")


@dataclass(frozen=True)
class Event:
    """One call or mark and its number in the run, from 1."""

    number: int
    what: Call | Mark

    @property
    def tick(self) -> int:
        """When it began."""
        return self.what.start if isinstance(self.what, Call) else self.what.at


def events(history: History) -> tuple[Event, ...]:
    """All events of the run in order; a call stands before a mark of the same tick (it is killed *at* a call)."""
    things: list[Call | Mark] = list(history.calls)
    things += [mark for mark in history.marks if mark.text or mark.kind not in _SILENT_WITHOUT_TEXT]
    things.sort(key=lambda thing: thing.start if isinstance(thing, Call) else thing.at)
    return tuple(Event(number, thing) for number, thing in enumerate(things, start=1))


def is_held(call: Call) -> bool:
    """Was the request kept in flight while its process, or the others, went on?"""
    return call.fault.startswith(("park", "hold"))


def reached(call: Call) -> bool:
    """Did the request reach its backend? The judge knows this, even where the caller does not."""
    if call.one_way:
        return call.end is not None
    if call.fault.endswith("-before") or call.fault == "drop":
        return False
    if call.end is None:
        return not is_held(call) and call.outcome != "failed"
    return True


def is_heard(call: Call) -> bool:
    """Did the backend's answer reach the caller?"""
    return reached(call) and call.end is not None and call.outcome != "unknown"


def is_commit(call: Call) -> bool:
    """Does this call end its transaction by keeping it?"""
    return call.backend == "postgres" and call.label.upper().startswith(("COMMIT", "END"))


def is_rollback(call: Call) -> bool:
    """Does this call end its transaction by undoing it?"""
    label = call.label.upper()
    return call.backend == "postgres" and label.startswith(("ROLLBACK", "ABORT")) and " TO" not in label


@dataclass(frozen=True)
class Transaction:
    """The ticks between the first statement of a transaction and its end."""

    process: str
    start: int
    end: int | None
    """None where the process died or the run ended inside it."""
    state: Literal["committed", "rolled back", "open"]


def transactions(history: History) -> tuple[Transaction, ...]:
    """The Postgres transactions of the run, in order of their start; statements in autocommit are none."""
    found: list[Transaction] = []
    for process, incarnation in sorted({(call.process, call.incarnation) for call in history.calls}):
        calls = [c for c in history.by(process) if c.incarnation == incarnation and c.backend == "postgres"]
        found += _transactions_of(process, sorted(calls, key=lambda call: call.start))
    return tuple(sorted(found, key=lambda transaction: (transaction.start, transaction.process)))


def _transactions_of(process: str, calls: list[Call]) -> list[Transaction]:
    found, begun, explicit = [], None, False
    for call in calls:
        if call.label.upper().startswith(("BEGIN", "START TRANSACTION")):
            begun, explicit = call.start, True
        elif is_commit(call) or is_rollback(call):
            begun = call.start if begun is None else begun
            found.append(Transaction(process, begun, call.end, _state(call)))
            begun, explicit = None, False
        elif begun is None:
            begun = call.start
    if explicit and begun is not None:
        found.append(Transaction(process, begun, None, "open"))
    return found


def _state(last: Call) -> Literal["committed", "rolled back", "open"]:
    if not reached(last):
        return "open"
    kept = is_commit(last) and last.outcome != "failed" and last.answer.upper() != "ROLLBACK"
    return "committed" if kept else "rolled back"
