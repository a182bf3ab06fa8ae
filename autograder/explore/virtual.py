"""Virtual scenarios: a story in virtual time, played with learner code in processes of their own, struck at every call.

Runs are named as all others are; a run with another seed than 0 has the seed as its last word: ``08.pick.mixed-s7``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar

from autograder.explore.names import RunName, Strike, slug
from autograder.explore.scenario import Engine, Played, judged, named
from autograder.explore.virtual_lane import VirtualLane
from autograder.explore.virtual_strikes import PlannedStrikes
from autograder.history import Call, History
from autograder.invariants import Invariant, State, Violation
from autograder.simulation.simulation import Simulation
from autograder.simulation.stuck import NoAnswer, Stuck
from autograder.simulation.telling import Story, tell

__all__ = ["DOUBLES", "KILLS", "LOSSES", "StoryFailed", "VirtualScenario", "seed_of"]

KILLS = ("kill-before", "kill-after")
"""The process dies before its call leaves, or when the call has had its effect and no answer has come."""
LOSSES = ("drop-before", "drop-after")
"""The request never arrives, or its answer never does."""
DOUBLES = ("duplicate",)
"""The request arrives twice."""
_SEED = re.compile(r"s(\d+)")


class StoryFailed(RuntimeError):
    """What the judge plays raised something: an error of ours, never the learner's."""


@dataclass(frozen=True, kw_only=True)
class VirtualScenario:
    """What is told, who is struck, and what must hold."""

    engine: ClassVar[Engine] = "virtual"

    name: str
    title: str
    play: Story
    input: tuple[str, ...]
    """Words that the story is made of; the shrinker leaves out what it can. None may look like a seed (``s7``)."""
    rules: tuple[Invariant, ...]
    target: str = ""
    faults: tuple[str, ...] = ()
    """What strikes at every call of the target: of KILLS, LOSSES, DOUBLES."""
    needs: tuple[str, ...] = ()
    read: str = ""
    seeds: int = 1
    """Undisturbed runs, each with its own chance."""
    pairs: tuple[str, ...] = ()
    """Also two strikes of these faults in one run, at every pair of calls."""
    reads_too: bool = True
    """Does a fault strike at calls that only read? What it leaves behind there, it leaves behind at the call before, too."""
    stuck: str = ""
    """The rule that is broken by a run which does not come to its end; the last one by default."""
    limit_s: float = 3600.0
    """Virtual seconds after which a run counts as stuck."""

    def play_on(self, lane: VirtualLane, name: RunName) -> Played:
        """Play one run and judge it."""
        words, seed = seed_of(name.input)
        strikes = PlannedStrikes(self.target, tuple(strike for strike in (name.strike, name.then) if strike))
        sim = Simulation(
            input=words, seed=seed, label=self.name, strikes=strikes, launch=lane.launch, limit_s=self.limit_s
        )
        stuck = _told(self.play, sim)
        return self._judged(name, sim, strikes, stuck)

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """The other seeds, every strike on the undisturbed run, and the pairs."""
        plain = named(self, lab)
        points = _points(self, undisturbed.history)
        singles = [_strike(fault, call) for fault in self.faults for call in points if _can_strike(fault, call)]
        firsts = [_strike(fault, call) for call in points for fault in self.pairs if _can_strike(fault, call)]
        return (
            *(replace(plain, input=(*self.input, f"s{seed}")) for seed in range(1, self.seeds)),
            *(replace(plain, strike=strike) for strike in singles),
            *(replace(plain, strike=first, then=then) for first, then in combinations(firsts, 2) if first != then),
        )

    def _judged(self, name: RunName, sim: Simulation, strikes: PlannedStrikes, stuck: str) -> Played:
        states = [State(moment=one.moment, at=one.at, known=one.known) for one in sim.snapshots]
        whole = sim.ledger.history(str(name), self.title)
        history, violations = judged(self.rules, whole, states)
        if stuck:
            rule = self.stuck or self.rules[-1].__name__
            found = Violation(rule=rule, evidence=f"the run never comes to its end: {stuck}")
            history = history if violations else whole.with_violation(found.evidence, self.target)
            violations = (*(one for one in violations if one.rule != rule), found)
        failures = dict.fromkeys(text for process in sim.processes.values() for text in process.failures)
        return Played(
            name=str(name),
            history=history,
            violations=violations,
            reached=strikes.began,
            failures=tuple(failures),
        )


def _told(story: Story, sim: Simulation) -> str:
    """Tell it; why it does not come to an end, or nothing."""
    try:
        tell(story, sim)
    except Stuck as stuck:
        return str(stuck)
    except NoAnswer as silent:
        return f"{silent.asked}: {silent.reason}"
    except Exception as error:
        raise StoryFailed(f"the story itself failed: {type(error).__name__}: {error}") from error
    return ""


def seed_of(words: Iterable[str]) -> tuple[tuple[str, ...], int]:
    """The words of a run without its seed, and the seed."""
    words = tuple(words)
    seeds = [int(match[1]) for match in map(_SEED.fullmatch, words) if match]
    return tuple(word for word in words if not _SEED.fullmatch(word)), seeds[-1] if seeds else 0


def _points(scenario: VirtualScenario, undisturbed: History) -> list[Call]:
    calls = [call for call in undisturbed.by(scenario.target) if call.incarnation == 1]
    return calls if scenario.reads_too else [call for call in calls if call.effect and not call.one_way]


def _can_strike(fault: str, call: Call) -> bool:
    """A read that is repeated or dies with its process changes nothing, and a disk loses no messages."""
    if call.backend == "disk":
        return fault in KILLS and (call.effect or fault == "kill-before")
    if call.one_way and fault == "drop-after":
        return False
    return call.effect or fault in LOSSES or fault == "kill-before"


def _strike(fault: str, call: Call) -> Strike:
    return Strike(fault=fault, label=slug(call.label), occurrence=call.occurrence)
