"""The search tries every schedule, once up to commuting steps, and few preemptions first."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import pytest

from autograder.explore.search import Decision, Plan, Step, Walk, all_schedules, choose, preemptions, take_turns

READ, WRITE = Step("postgres", "select", True), Step("postgres", "update", False)
SET = Step("redis", "SET", False)


class Paper:
    """Processes on paper: each has its steps, and nobody ever waits for anybody."""

    def __init__(self, *processes: Sequence[Step]) -> None:
        self.processes = processes
        self.walked: list[tuple[int, ...]] = []

    def walk(self, plan: Plan) -> Walk:
        """Walk one schedule as the search asks for it."""
        places = [0] * len(self.processes)

        def able() -> tuple[tuple[int, ...], dict[int, Step]] | None:
            steps = {n: own[place] for n, (own, place) in enumerate(zip(self.processes, places, strict=True)) if place < len(own)}
            return (tuple(steps), steps) if steps else None

        def go_on(decision: Decision) -> None:
            places[decision.chosen] += 1

        walk = take_turns(plan, able, go_on)
        if not walk.redundant:
            self.walked.append(walk.schedule)
        return walk

    def story(self, schedule: tuple[int, ...]) -> tuple[tuple[int, Step], ...]:
        """Who did what, in order."""
        hands = [iter(steps) for steps in self.processes]
        return tuple((number, next(hands[number])) for number in schedule)


def test_without_commuting_steps_every_interleaving_is_walked_once() -> None:
    paper = Paper([WRITE] * 3, [WRITE] * 4)
    walked = [walk.schedule for walk in all_schedules(paper.walk)]
    assert len(walked) == len(set(walked)) == math.comb(7, 3)


def test_few_preemptions_come_first() -> None:
    paper = Paper([WRITE] * 3, [WRITE] * 3)
    costs = [preemptions(walk) for walk in all_schedules(paper.walk)]
    assert costs == sorted(costs) and costs[:2] == [0, 0] and costs[2] == 1


@pytest.mark.parametrize("bound", [0, 1, 2])
def test_a_bound_leaves_out_exactly_what_is_above_it(bound: int) -> None:
    paper = Paper([WRITE] * 3, [WRITE] * 3)
    within = {walk.schedule for walk in all_schedules(paper.walk) if preemptions(walk) <= bound}
    bounded = [walk.schedule for walk in all_schedules(paper.walk, preemptions_max=bound, sleep_sets=False)]
    assert sorted(bounded) == sorted(within)


def test_a_bound_with_sleep_sets_is_refused() -> None:
    with pytest.raises(ValueError, match="would miss"):
        next(all_schedules(Paper([WRITE]).walk, preemptions_max=1))


def test_reads_that_commute_are_walked_in_one_order() -> None:
    paper = Paper([READ, READ], [READ, READ])
    assert len(list(all_schedules(paper.walk))) == 1


def test_calls_to_different_backends_commute() -> None:
    paper = Paper([SET, SET], [WRITE, WRITE])
    assert len(list(all_schedules(paper.walk))) == 1


def _class(story: tuple[tuple[int, Step], ...]) -> frozenset[tuple[tuple[int, int], tuple[int, int]]]:
    """A schedule up to commuting steps: the order of all pairs of steps whose order matters."""
    counts: dict[int, int] = {}
    named = []
    for number, step in story:
        named.append((number, counts.setdefault(number, 0), step))
        counts[number] += 1
    pairs = itertools.combinations(named, 2)
    return frozenset(
        ((a, i), (b, j)) for (a, i, x), (b, j, y) in pairs if a != b and x.backend == y.backend and not (x.reads and y.reads)
    )


@pytest.mark.parametrize(
    "processes",
    [
        ([READ, WRITE, READ], [READ, READ, WRITE]),
        ([READ, SET, WRITE], [WRITE, READ, SET]),
        ([WRITE, READ], [READ, WRITE], [READ, SET]),
    ],
)
def test_every_class_of_schedules_is_walked_and_none_twice(processes: tuple[list[Step], ...]) -> None:
    every = Paper(*processes)
    classes = {_class(every.story(walk.schedule)) for walk in all_schedules(every.walk, sleep_sets=False)}
    paper = Paper(*processes)
    walked = [_class(paper.story(walk.schedule)) for walk in all_schedules(paper.walk)]
    assert set(walked) == classes and len(walked) == len(classes)


def test_a_turn_of_whoever_cannot_go_on_goes_to_who_can_where_the_path_is_taken_as_it_comes() -> None:
    steps = {0: WRITE, 2: WRITE}
    assert choose(Plan(prefix=(1,)), 0, {}, (0, 2), steps, None) == 1
    assert choose(Plan(prefix=(1,), strict=False), 0, {}, (0, 2), steps, None) == 0
    assert choose(Plan(prefix=(2,), strict=False), 0, {}, (0, 2), steps, None) == 2
