"""Killed schedules: two calls meet, one of them is killed between two of its requests, and the other goes on.

A crash point kills a process that is alone; a schedule lets two processes live. Some mistakes need both: somebody must see
what the dead one has left, before anybody repairs it. The kill is a turn of its own in the schedule, so its name says where
it falls: ``a2b1axb3`` is two turns of the first, one of the second, the kill of the first, and three of the second.

At most one preemption comes before the kill. *After* a request stands for *before* the next one: what the backends hold is
the same. The shortest are tried first, so that what is found is the counterexample that is easiest to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from autograder.explore.search import Plan, Walk, Walker

__all__ = ["is_kill", "kill_of", "killed_schedules"]


def kill_of(process: int) -> int:
    """The turn at which this process is killed; asked of such a turn, the process."""
    return ~process


def is_kill(turn: int) -> bool:
    """Does nobody go on at this turn, but somebody die?"""
    return turn < 0


def killed_schedules(walker: Walker, *, alike: bool) -> Iterator[Walk]:
    """Every schedule of two calls with one kill, and with one preemption before it at most."""
    plans = {prefix: None for first in ((0,) if alike else (0, 1)) for prefix in _prefixes(walker, first)}
    for prefix in sorted(plans, key=len):
        yield walker(Plan(prefix=prefix))


def _prefixes(walker: Walker, first: int) -> Iterator[tuple[int, ...]]:
    """The first loses its turn once; from then on, whoever has begun and waits for a turn is killed instead."""
    alone = len(list(takewhile(lambda turn: turn == first, walker(Plan(prefix=(first,))).schedule)))
    for turns in range(1, alone):
        met = walker(Plan(prefix=(*[first] * turns, 1 - first)))
        for at in range(turns, len(met.decisions)):
            wrote = [process for process in met.decisions[at].candidates if _wrote_last(met, process, at)]
            yield from ((*met.schedule[:at], kill_of(victim)) for victim in wrote)


def _wrote_last(walk: Walk, process: int, at: int) -> bool:
    """Was the last of its turns before this one no plain read? Whoever has only read since leaves what it left before."""
    turns = [number for number, turn in enumerate(walk.schedule[:at]) if turn == process]
    return bool(turns) and not walk.decisions[turns[-1]].steps[process].reads
