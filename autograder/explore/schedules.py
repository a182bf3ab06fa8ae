"""Schedules as a scenario: two calls of learner code, every order of their statements, and the rules after each.

The undisturbed run is the serial one: first one call, then the other. The *sweep* is one more run, named ``all``, in
which a lane walks every schedule up to symmetry and commuting reads (:mod:`autograder.explore.search`), fewest
preemptions first, and stops at the first that breaks a rule; that one's own name stands in the report. A letter of a
schedule's name is a process, the number behind it how many turns it had: ``a1b4a3``. Where ``kills`` says so, they are the
schedules in which one of the two is killed on its way (:mod:`autograder.explore.killed`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, ClassVar

from autograder.explore.conductor import Actor, Stuck
from autograder.explore.crossing import SETTLED_S, Crossing, WrongVictim
from autograder.explore.killed import is_kill, kill_of, killed_schedules
from autograder.explore.lane import Lane
from autograder.explore.names import RunName
from autograder.explore.scenario import Engine, Played, judged, told
from autograder.explore.search import Plan, Walk, all_schedules, preemptions
from autograder.explore.stage import Job, Stage
from autograder.invariants import Invariant

__all__ = ["EVERY", "ScheduleScenario", "letters", "numbers"]

EVERY = "all"
"""In the place of a schedule: walk them all."""
REPEATS_MAX = 5
LETTERS = "abc"
STRICT_MAX = 2
"""With so many calls a schedule is the same each time."""


@dataclass(frozen=True, kw_only=True)
class ScheduleScenario:
    """Two calls (or three, within a bound) and what must hold however their statements are ordered."""

    engine: ClassVar[Engine] = "backends"

    name: str
    title: str
    input: tuple[str, ...]
    prepare: Callable[[Stage], None]
    """What is there before anybody comes."""
    calls: Callable[[Stage], tuple[Job, ...]]
    """The calls that meet, each by a process of its own."""
    finish: Callable[[Stage], None]
    """What the shop does when both have ended: it asks again, looks, and takes snapshots."""
    rules: tuple[Invariant, ...]
    needs: tuple[str, ...] = ()
    read: str = ""
    alike: bool = True
    """The calls differ in names only, so that of two mirror images one is enough."""
    preemptions_max: int | None = None
    """A bound; None for every schedule."""
    schedules_max: int = 3000
    turns_max: int = 30_000
    """Turns of all schedules together; a program with endless retries has endless schedules."""
    faults: tuple[str, ...] = ("schedule",)
    kills: bool = False
    """Is one of the calls killed in every schedule?"""

    def play_on(self, lane: Lane, name: RunName) -> Played:
        """Play one schedule, or all of them."""
        if name.schedule == EVERY:
            return self._walk_all(lane, name, fresh=False) or self._walk_all(lane, name, fresh=True)
        return self._walk(lane, name, Plan(prefix=numbers(name.schedule)), fresh=True)[0]

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """One run that is all of them."""
        return (RunName(lab=lab, scenario=self.name, input=self.input, schedule=EVERY),)

    def _walk_all(self, lane: Lane, name: RunName, *, fresh: bool) -> Played | None:
        """What came of all of them; None where processes that stayed did what fresh ones do not."""
        walked, turns, found = 0, 0, None
        try:
            for walked, (played, walk) in enumerate(self.every(lane, name, fresh=fresh), start=1):
                if played.violations:
                    found = self._fewest(lane, name, played, walk, fresh=fresh)
                    break
                turns += len(walk.decisions)
                if walked == self.schedules_max or turns > self.turns_max:
                    break
            if found is not None and not fresh and not self._breaks_again(lane, found):
                return None
        except Stuck:
            if fresh:
                raise
            return None
        complete = found is not None or (walked < self.schedules_max and turns <= self.turns_max)
        return replace(found or replace(played, name=str(name)), schedules=walked, reached=complete)

    def every(self, lane: Lane, name: RunName, *, fresh: bool = False) -> Iterator[tuple[Played, Walk]]:
        """Every schedule, whatever it breaks, fewest preemptions first.

        Unless they are to be ``fresh``, its processes stay from one schedule to the next as long as they leave nothing
        behind: a fork for each costs more than the schedule.
        """
        sleep_sets = self.preemptions_max is None
        return self._walks(lane, name, self.preemptions_max, sleep_sets=sleep_sets, fresh=fresh)

    def _breaks_again(self, lane: Lane, found: Played) -> bool:
        """Does it break the same rule where every process is a new one? What is reported has to."""
        return self.play_on(lane, RunName.parse(found.name)).broke(found.violations[0].rule) is not None

    def _fewest(self, lane: Lane, name: RunName, played: Played, walk: Walk, *, fresh: bool) -> Played:
        """The same rule broken with fewer preemptions, where there is such a schedule: sleep sets may have left it out."""
        rule, cost = played.violations[0].rule, preemptions(walk)
        if cost < 2 or self.kills or self.preemptions_max is not None:
            return played
        fewer = self._walks(lane, name, cost - 1, sleep_sets=False, fresh=fresh)
        return next((other for other, _ in fewer if other.broke(rule)), played)

    def _walks(
        self, lane: Lane, name: RunName, preemptions_max: int | None, *, sleep_sets: bool, fresh: bool
    ) -> Iterator[tuple[Played, Walk]]:
        played: list[Played] = []

        def walker(plan: Plan) -> Walk:
            one, walk = self._walk(lane, name, plan, fresh=fresh)
            played[:] = [one]
            return walk

        walks = (
            killed_schedules(walker, alike=self.alike)
            if self.kills
            else all_schedules(walker, preemptions_max=preemptions_max, sleep_sets=sleep_sets)
        )
        for walk in walks:
            yield played[0], walk

    def _walk(self, lane: Lane, name: RunName, plan: Plan, *, fresh: bool) -> tuple[Played, Walk]:
        settled_s = SETTLED_S
        for _ in range(REPEATS_MAX):
            try:
                return self._walk_once(lane, name, plan, settled_s, fresh)
            except WrongVictim:
                settled_s *= 3
        raise Stuck("Postgres kept failing another session than the one that closed the deadlock's cycle.")

    def _walk_once(
        self, lane: Lane, name: RunName, plan: Plan, settled_s: float, fresh: bool
    ) -> tuple[Played, Walk]:
        lane.reset(processes_stay=not fresh)
        stage = Stage(lane, name, target="")
        self.prepare(stage)
        jobs = self.calls(stage)
        actors = [stage.start(job) for job in jobs]
        crossing = Crossing(
            lane.tap, stage.recorder, lane.lock_waits, alike=self.alike, settled_s=settled_s, processes_stay=not fresh
        )
        # Of two sessions that wait for one row, Postgres itself decides who has it first: that path is taken as it comes.
        walk = crossing.walk(replace(plan, strict=len(jobs) <= STRICT_MAX), actors)
        _leave(stage, jobs, actors)
        name = replace(name, schedule=letters(walk.schedule))
        if walk.redundant:
            return Played(name=str(name), history=stage.history(self.title)), walk
        stage.take_the_tap()
        self.finish(stage)
        history, violations = judged(self.rules, stage.history(self.title), stage.states)
        return told(stage, replace(history, run=str(name)), violations, name=str(name)), walk


def _leave(stage: Stage, jobs: Iterable[Job], actors: Iterable[Actor]) -> None:
    for job, actor in zip(jobs, actors, strict=True):
        stage.finish(job, actor)


def letters(schedule: Iterable[int]) -> str:
    """A schedule as part of a name.

    >>> letters((0, 1, 1, 1, 0))
    'a1b3a1'
    >>> letters((0, 1, kill_of(0), 1))
    'a1b1axb1'
    """
    return "".join(
        f"{LETTERS[kill_of(turn)]}x" if is_kill(turn) else f"{LETTERS[turn]}{len(list(turns))}"
        for turn, turns in groupby(schedule)
    )


def numbers(text: str) -> tuple[int, ...]:
    """What :func:`letters` wrote.

    >>> numbers("a1b3a1")
    (0, 1, 1, 1, 0)
    """
    turns: list[Any] = re.findall(r"([a-c])(\d+|x)", text)
    return tuple(
        kill_of(LETTERS.index(letter)) if count == "x" else LETTERS.index(letter)
        for letter, count in turns
        for _ in range(1 if count == "x" else int(count))
    )
