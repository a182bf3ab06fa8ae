"""Eight histories of lab 1, which the checker calls linearizable, sequential or neither."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.history import Call, History
from autograder.invariants.linearizability import (
    Keyed, Operation, Register, SharedObject, decide, level, sequential_order,
)  # fmt: skip

__all__ = ["HISTORIES", "LEVELS", "Told", "explained", "picture", "timeline", "truth"]

LEVELS = ("linearizable", "sequential", "neither")
_WORD = re.compile(r"(?P<who>\w+) (?P<what>writes|reads|swaps) (?P<value>\S+) (?P<start>\d+)-(?P<end>\d*)")


@dataclass(frozen=True, kw_only=True)
class Told:
    """A history as it is told: ``Ada writes 1 2-5`` begins at 2 and is answered at 5; without an end it never is."""

    name: str
    lines: tuple[str, ...]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Its operations, in the order of their start."""
        return tuple(sorted(map(_operation, self.lines), key=lambda one: one.start))

    @property
    def thing(self) -> SharedObject:
        """What they speak to: one register, or several that are told apart by name. Each starts with 0."""
        return Keyed(Register(0)) if any(one.key for one in self.operations) else Register(0)


def _operation(line: str) -> Operation:
    """``x=1`` is the value 1 of the register x; ``0>1`` asks for 1 in place of 0 and is obeyed."""
    told = _WORD.fullmatch(line)
    assert told is not None, line
    key, _, value = told["value"].rpartition("=")
    when = {"start": int(told["start"]), "end": int(told["end"]) if told["end"] else None}
    if told["what"] == "swaps":
        expected, new = value.split(">")
        return Operation(process=told["who"], name="cas", argument=(int(expected), int(new)), answer=True, **when)
    if told["what"] == "writes":
        return Operation(process=told["who"], name="write", argument=int(value), key=key or None, **when)
    return Operation(process=told["who"], name="read", answer=int(value), key=key or None, **when)


HISTORIES = (
    Told(name="h1", lines=("Ada writes 1 1-4", "Bao reads 0 2-3", "Cleo reads 1 5-6")),
    Told(name="h2", lines=("Ada writes 1 1-2", "Bao reads 0 3-4", "Bao reads 1 5-6")),
    Told(name="h3", lines=("Ada writes 1 1-2", "Bao reads 1 3-4", "Bao reads 0 5-6")),
    Told(name="h4", lines=("Ada writes 1 1-8", "Bao writes 2 2-9", "Cleo reads 2 3-4", "Dan reads 1 5-6")),
    Told(name="h5", lines=("Ada writes 1 1-8", "Bao reads 1 2-3", "Cleo reads 0 4-5")),
    Told(name="h6", lines=("Ada writes 1 1-", "Bao reads 0 2-3", "Cleo reads 1 8-9")),
    Told(name="h7", lines=("Ada writes x=1 1-2", "Ada reads y=0 3-4", "Bao writes y=1 1-2", "Bao reads x=0 3-4")),
    Told(name="h8", lines=("Ada swaps 0>1 1-5", "Bao swaps 0>1 2-6", "Cleo reads 1 7-8")),
)
"""In the order in which the lab shows them."""


def truth() -> dict[str, str]:
    """What the checker finds."""
    return {told.name: level(told.thing, told.operations) for told in HISTORIES}


def explained(told: Told) -> str:
    """Why: the order that explains the answers, or the answer that no order explains."""
    found = level(told.thing, told.operations)
    decision = decide(told.thing, told.operations)
    if found == "linearizable":
        order = decision.order or sequential_order(told.thing, told.operations) or ()
        return f"linearizable, for instance in this order: {_line(told, order)}"
    stale = decision.reason
    if found == "sequential":
        order = sequential_order(told.thing, told.operations) or ()
        return f"sequential. By the clock {stale}; without the clock this order explains all: {_line(told, order)}"
    return f"neither. By the clock {stale}, and no order that keeps each process's own explains every answer either"


def _line(told: Told, order: tuple[Operation, ...]) -> str:
    return ", ".join(told.thing.told(one) for one in order)


def picture(told: Told) -> History:
    """The same history for the diagram: people ask, the register answers."""
    calls = tuple(_call(told, one) for one in told.operations)
    people = tuple(dict.fromkeys(call.process for call in calls))
    return History(run=f"01.histories.{told.name}", title=f"History {told.name}", processes=people, calls=calls)


def _call(told: Told, one: Operation) -> Call:
    words = told.thing.told(one).removeprefix(f"{one.process} ")
    return Call(
        process=one.process,
        backend="register",  # type: ignore[arg-type]
        label=words,
        request=words,
        answer="" if one.end is None else "ok" if one.name != "read" else str(one.answer),
        outcome="ok" if one.end is not None else "unknown",
        effect=one.name != "read",
        start=int(one.start),
        end=int(one.end) if one.end is not None else None,
    )


TICK = 9
"""Columns per unit of time in a timeline."""


def timeline(told: Told) -> str:
    """The history as text: a line for each person, and a bar from each call to its answer."""
    people = dict.fromkeys(one.process for one in told.operations)
    width = max(map(len, people)) + 1
    rows = [f"{who:{width}}{_bars([one for one in told.operations if one.process == who])}" for who in people]
    return "\n".join(f"{told.name if number == 0 else '':5}{row}".rstrip() for number, row in enumerate(rows))


def _bars(operations: list[Operation]) -> str:
    line = ""
    for one in operations:
        line = line.ljust(int(one.start - 1) * TICK)
        length = int((one.end if one.end is not None else 9.5) * TICK) - int(one.start) * TICK - 1
        line += f"[{_label(one):{'.' if one.is_open else '-'}<{length}}" + (" no answer" if one.is_open else "]")
    return line


def _label(one: Operation) -> str:
    name = f"{one.key} = " if one.key else ""
    if one.name == "cas":
        expected, new = one.argument  # type: ignore[misc]
        return f"{expected} to {new}"
    return f"write {name}{one.argument}" if one.name == "write" else f"read {name}{one.answer}"
