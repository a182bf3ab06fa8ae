"""The definitions of linearizable and sequentially consistent, tried order by order: slow, and too short to be wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, permutations

from autograder.invariants.linearizability import UNKNOWN, Operation, SharedObject
from autograder.invariants.linearizability.objects import IMPOSSIBLE

__all__ = ["by_definition", "keeps_processes", "keeps_time", "random_history"]

Before = Callable[[Operation, Operation], bool]


def keeps_time(one: Operation, other: Operation) -> bool:
    """Had the first ended before the second began?"""
    return one.end is not None and one.end < other.start


def keeps_processes(one: Operation, other: Operation) -> bool:
    """Did the same process do the first before the second?"""
    return one.process == other.process and one.start < other.start


def by_definition(thing: SharedObject, operations: Sequence[Operation], before: Before) -> bool:
    """Is there an order of the operations, with or without each open one, that explains every answer?"""
    return any(
        _explains(thing, order)
        for chosen in _with_and_without(operations)
        for order in permutations(chosen)
        if not any(before(later, earlier) for i, earlier in enumerate(order) for later in order[i + 1 :])
    )


def _with_and_without(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    unanswered = [one for one in operations if one.is_open]
    answered = [one for one in operations if not one.is_open]
    for count in range(len(unanswered) + 1):
        for some in combinations(unanswered, count):
            yield [*answered, *some]


def _explains(thing: SharedObject, order: Sequence[Operation]) -> bool:
    state = thing.start
    for operation in order:
        state = thing.after(state, operation)
        if state is IMPOSSIBLE:
            return False
    return True


Deal = Callable[[random.Random], dict[str, object]]


def random_history(chance: random.Random, deal: Deal, *, processes: int = 3, size: int = 6) -> list[Operation]:
    """Operations of a few processes at random times; some end at the same moment, some never end."""
    clock = dict.fromkeys(range(processes), 0)
    found = []
    for _ in range(chance.randint(2, size)):
        process = chance.choice(list(clock))
        start = clock[process] + chance.randint(0, 2)
        end = start + chance.randint(1, 5)
        clock[process] = end + 1
        told = deal(chance)
        if chance.random() < 0.15:
            found.append(Operation(process=f"p{process}", start=start, **{**told, "answer": UNKNOWN}))
            del clock[process]
            if not clock:
                break
        else:
            found.append(Operation(process=f"p{process}", start=start, end=end, **told))
    return found
