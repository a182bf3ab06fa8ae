"""Sequential consistency: one order of all operations that keeps each process's own order, whatever the clock says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.invariants.linearizability.objects import IMPOSSIBLE, SharedObject, State
from autograder.invariants.linearizability.operation import Operation

__all__ = ["sequential_order"]

Place = tuple[State, tuple[int, ...]]
"""The state of the object, and how many operations of each process are placed."""


def sequential_order(thing: SharedObject, operations: Sequence[Operation]) -> tuple[Operation, ...] | None:
    """An order that explains every answer and keeps each process's own; None when there is none.

    A search over all interleavings that visits no place twice: exponential in the number of processes, which is what
    the question costs (Gibbons & Korach, 1997). An open operation may be left out, with nothing behind it.
    """
    lines = _by_process(operations)
    here: Place = (thing.start, (0,) * len(lines))
    came_from: dict[Place, tuple[Place, Operation] | None] = {here: None}
    stack = [here]
    while stack:
        here = stack.pop()
        if _is_done(lines, here[1]):
            return _path(came_from, here)
        for operation, there in _next(thing, lines, here):
            if there not in came_from:
                came_from[there] = (here, operation)
                stack.append(there)
    return None


def _by_process(operations: Sequence[Operation]) -> list[list[Operation]]:
    lines: dict[str, list[Operation]] = {}
    for operation in sorted(operations, key=lambda one: one.start):
        lines.setdefault(operation.process, []).append(operation)
    return list(lines.values())


def _is_done(lines: list[list[Operation]], placed: tuple[int, ...]) -> bool:
    return all(one.is_open for line, count in zip(lines, placed, strict=True) for one in line[count:])


def _next(thing: SharedObject, lines: list[list[Operation]], here: Place) -> Iterator[tuple[Operation, Place]]:
    state, placed = here
    for number, line in enumerate(lines):
        count = placed[number]
        if count < len(line):
            new = thing.after(state, line[count])
            more = (*placed[:number], count + 1, *placed[number + 1 :])
            if new is not IMPOSSIBLE:
                yield line[count], (new, more)
            if line[count].is_open:
                yield line[count], (state, more)


def _path(came_from: dict[Place, tuple[Place, Operation] | None], here: Place) -> tuple[Operation, ...]:
    found: list[Operation] = []
    step = came_from[here]
    while step is not None:
        before, operation = step
        if not (operation.is_open and _left_out(before, here)):
            found.append(operation)
        here, step = before, came_from[before]
    return tuple(found[::-1])


def _left_out(before: Place, after: Place) -> bool:
    """Did placing change nothing? Then an open operation need not be told of."""
    return before[0] == after[0]
