"""The smallest history that still breaks: what is left is enough to see why, and without any of it all is explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograder.invariants.linearizability.decision import decide
from autograder.invariants.linearizability.objects import SharedObject
from autograder.invariants.linearizability.operation import UNKNOWN, Operation

__all__ = ["smallest"]


def smallest(thing: SharedObject, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Leave out operations while the rest stays impossible to explain.

    First what had not happened when the answer came that nothing explains; then, in chunks and one by one (Zeller &
    Hildebrandt, 2002), what no answer that stays can have noticed: whatever is left out, a history that breaks without
    it breaks with it too. Raises ValueError for a history that is linearizable, or too large to be decided.
    """
    decision = decide(thing, operations)
    if decision.linearizable is not False or decision.stuck is None:
        raise ValueError("Only a history that is known not to be linearizable has a smallest part that is not.")
    thing, kept = thing.alone(decision.key), [one for one in operations if one.key == decision.key]
    so_far = _until(decision.stuck.end, kept)
    if decide(thing, so_far).linearizable is False:  # what was still to be answered may have mattered
        kept = so_far
    size = max(1, len(kept) // 2)
    while True:
        kept, changed = _once(thing, kept, size)
        if size == 1 and not changed:
            return tuple(kept)
        size = max(1, size // 2)


def _until(end: float | None, operations: list[Operation]) -> list[Operation]:
    """What had happened by then; what was under way had no answer yet."""
    assert end is not None
    return [
        one if one.end is not None and one.end <= end else replace(one, end=None, answer=UNKNOWN)
        for one in operations
        if one.start <= end
    ]


def _once(thing: SharedObject, operations: list[Operation], size: int) -> tuple[list[Operation], bool]:
    kept, position, changed = operations, 0, False
    while position < len(kept):
        fewer = _without(thing, kept, position, size)
        if len(fewer) < len(kept) and decide(thing, fewer).linearizable is False:
            kept, changed = fewer, True
        else:
            position += size
    return kept, changed


def _without(thing: SharedObject, operations: list[Operation], position: int, size: int) -> list[Operation]:
    """One operation of the chunk after the other, as long as what stays cannot have noticed it."""
    fewer = operations
    for one in operations[position : position + size]:
        others = [other for other in fewer if other is not one]
        if thing.only_reads(one) or not thing.notices(one, others):
            fewer = others
    return fewer
