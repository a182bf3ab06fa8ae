"""Decision: is a history linearizable, and the order that shows it or the answer that nothing explains."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from autograder.invariants.linearizability.objects import SharedObject
from autograder.invariants.linearizability.operation import Operation
from autograder.invariants.linearizability.search import Found, search
from autograder.invariants.linearizability.sequential import sequential_order

__all__ = ["BUDGET", "Decision", "Level", "decide", "level"]

BUDGET = 2_000_000
"""Configurations that are tried before the answer is "unknown"; counted, so that every machine says the same."""
FIRST_BUDGET = 4_000
GROWTH = 8

Level = Literal["linearizable", "sequential", "neither"]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is known of a history."""

    linearizable: bool | None
    """None when the budget ran out first."""
    tried: int = 0
    """Configurations that were tried, over all keys."""
    order: tuple[Operation, ...] = ()
    """Where there is one object: an order that explains every answer."""
    key: Hashable = None
    """The key of the object that broke."""
    stuck: Operation | None = None
    """The operation whose answer nothing explains."""
    reason: str = ""
    """``the register could only be 1 when p2 read 2``."""


def decide(thing: SharedObject, operations: Iterable[Operation], *, budget: int = BUDGET) -> Decision:
    """Is this history linearizable?

    Each key is an object of its own: a history is linearizable exactly when the history of every object is (Herlihy &
    Wing call this locality). Every key gets a small budget first and a larger one in each round, so that one key that
    is easily seen to be wrong decides at once, however hard the others are.
    """
    left = sorted(_by_key(operations).items(), key=lambda item: len(item[1]))
    single, order = len(left) == 1, ()
    spent, allowed = 0, budget if single else min(FIRST_BUDGET, budget)
    while left:
        undecided = []
        for key, part in left:
            found = search(thing.alone(key), part, allowed)
            spent += found.tried
            if found.fits is False:
                return _broken(thing.alone(key), key, found, spent)
            if found.fits is None:
                undecided.append((key, part))
            order = found.order
        if undecided and allowed >= budget:
            return Decision(linearizable=None, tried=spent)
        left, allowed = undecided, min(allowed * GROWTH, budget)
    return Decision(linearizable=True, tried=spent, order=order if single else ())


def level(thing: SharedObject, operations: Sequence[Operation]) -> Level:
    """The strongest of the two orders that this history has. Meant for histories that fit on a page.

    Sequential consistency is asked of all objects together: unlike linearizability it is not local.
    """
    if decide(thing, operations).linearizable:
        return "linearizable"
    return "neither" if sequential_order(thing, operations) is None else "sequential"


def _by_key(operations: Iterable[Operation]) -> dict[Hashable, list[Operation]]:
    parts: dict[Hashable, list[Operation]] = {}
    for operation in operations:
        parts.setdefault(operation.key, []).append(operation)
    return parts


def _broken(thing: SharedObject, key: Hashable, found: Found, spent: int) -> Decision:
    assert found.stuck is not None
    reason = f"{thing.in_words(found.states)} when {thing.told(found.stuck)}"
    return Decision(linearizable=False, tried=spent, key=key, stuck=found.stuck, reason=reason)
