"""Search: every schedule of a few processes' calls, those with the fewest preemptions first.

A *schedule* is the order in which held calls are let through; at each *decision* one of the processes that wait at the
gate goes on. A *preemption* is a decision that takes the turn from a process which could have gone on. Schedules that
differ only in the order of two *commuting* steps (two plain reads; calls to different backends) end alike, so one of
them is enough: that is what sleep sets leave out (Godefroid, Partial-Order Methods for the Verification of Concurrent
Systems, 1996). Trying few preemptions first finds the counterexample that is easiest to read (Musuvathi & Qadeer,
Iterative Context Bounding, PLDI 2007).

Nothing here knows a database: whoever walks a schedule says what the processes wanted to do at each decision.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = [
    "Decision", "Plan", "Step", "Walk", "Walker", "all_schedules", "choose", "commute", "preemptions", "take_turns",
]  # fmt: skip

NOBODY: Mapping[int, Step] = MappingProxyType({})


@dataclass(frozen=True)
class Step:
    """What a process would do next: one call that waits at the gate."""

    backend: str
    text: str
    reads: bool
    """It changes nothing, takes no lock that another could wait for, and its own answer is its only effect."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which schedule to walk: the first decisions, and what must sleep after them."""

    prefix: tuple[int, ...] = ()
    asleep: Mapping[int, Step] = field(default_factory=lambda: NOBODY)
    strict: bool = True
    """The prefix must be walked as it stands; otherwise a turn of somebody who cannot go on is given to who can."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One turn of a walk."""

    candidates: tuple[int, ...]
    """The processes that could have been let on, by number."""
    chosen: int
    steps: Mapping[int, Step]
    last: int | None
    """Who had the turn before; None at the beginning."""
    asleep: Mapping[int, Step]

    def preempts(self, choice: int) -> bool:
        """Would this choice take the turn from a process that could have gone on?"""
        return self.last is not None and self.last in self.candidates and choice != self.last


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A schedule that was walked."""

    decisions: tuple[Decision, ...]
    redundant: bool = False
    """It was given up: whatever came next has been, or will be, seen in another order that ends alike."""

    @property
    def schedule(self) -> tuple[int, ...]:
        """Who had each turn."""
        return tuple(decision.chosen for decision in self.decisions)


Walker = Callable[[Plan], Walk]


def commute(one: Step, other: Step) -> bool:
    """Do two steps end alike in either order? Calls to different backends do, and two plain reads."""
    return one.backend != other.backend or (one.reads and other.reads)


def choose(
    plan: Plan,
    at: int,
    asleep: Mapping[int, Step],
    candidates: tuple[int, ...],
    steps: Mapping[int, Step],
    last: int | None,
) -> int | None:
    """Whose turn it is: the plan's, then whoever had the last one, then the first; None when all that could are asleep."""
    if at < len(plan.prefix) and (plan.strict or plan.prefix[at] in candidates):
        return plan.prefix[at]
    awake = [number for number in candidates if asleep.get(number) != steps[number]]
    if not awake:
        return None
    return last if last in awake else awake[0]


def woken(asleep: Mapping[int, Step], chosen: int, step: Step) -> dict[int, Step]:
    """Who still sleeps after this step: whoever would do the same in either order."""
    return {number: other for number, other in asleep.items() if number != chosen and commute(other, step)}


def take_turns(
    plan: Plan,
    able: Callable[[], tuple[tuple[int, ...], Mapping[int, Step]] | None],
    go_on: Callable[[Decision], None],
) -> Walk:
    """Walk one schedule to its end.

    ``able`` waits until nothing moves by itself, and says who can be let on and what each would do; None when all have
    ended. ``go_on`` lets the chosen one on. A walk that turns out to be redundant is left where it stands.
    """
    decisions: list[Decision] = []
    asleep = dict(plan.asleep)
    while (turn := able()) is not None:
        candidates, steps = turn
        last = decisions[-1].chosen if decisions else None
        chosen = choose(plan, len(decisions), asleep, candidates, steps, last)
        if chosen is None:
            return Walk(decisions=tuple(decisions), redundant=True)
        decision = Decision(candidates=candidates, chosen=chosen, steps=steps, last=last, asleep=dict(asleep))
        if len(decisions) >= len(plan.prefix):
            asleep = woken(asleep, chosen, steps[chosen])
        decisions.append(decision)
        go_on(decision)
    return Walk(decisions=tuple(decisions))


def preemptions(walk: Walk) -> int:
    """How often the turn was taken from a process that could have gone on."""
    return sum(decision.preempts(decision.chosen) for decision in walk.decisions)


def all_schedules(walker: Walker, *, preemptions_max: int | None = None, sleep_sets: bool = True) -> Iterator[Walk]:
    """Walk every schedule (with at most so many preemptions), fewest preemptions first; redundant walks are not yielded.

    With a bound, sleep sets must be off: the order that they leave out may be the one within the bound.
    """
    if preemptions_max is not None and sleep_sets:
        raise ValueError("a bound on preemptions and sleep sets together would miss schedules")
    serial = itertools.count(1)
    waiting: list[tuple[int, int, Plan]] = [(0, 0, Plan())]
    while waiting:
        _, _, plan = heapq.heappop(waiting)
        walk = walker(plan)
        if not walk.redundant:
            yield walk
        for cost, branch in _branches(walk, len(plan.prefix), sleep_sets):
            if preemptions_max is None or cost <= preemptions_max:
                heapq.heappush(waiting, (cost, next(serial), branch))


def _branches(walk: Walk, first: int, sleep_sets: bool) -> Iterator[tuple[int, Plan]]:
    """The schedules that leave this walk at one of its own decisions, each with its number of preemptions."""
    cost = 0
    for at, decision in enumerate(walk.decisions):
        if at >= first:
            yield from _siblings(walk, at, cost, sleep_sets)
        cost += decision.preempts(decision.chosen)


def _siblings(walk: Walk, at: int, cost: int, sleep_sets: bool) -> Iterator[tuple[int, Plan]]:
    decision, before = walk.decisions[at], walk.schedule[:at]
    done = {**decision.asleep, decision.chosen: decision.steps[decision.chosen]}
    for other in decision.candidates:
        step = decision.steps[other]
        if other == decision.chosen or (sleep_sets and decision.asleep.get(other) == step):
            continue
        asleep = {number: seen for number, seen in done.items() if commute(seen, step)} if sleep_sets else {}
        yield cost + decision.preempts(other), Plan(prefix=(*before, other), asleep=asleep)
        done[other] = step
