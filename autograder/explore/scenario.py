"""Scenario: a story of the shop that can be played with and without a fault, and the invariants that must survive it.

What the judge needs of any scenario, whatever engine plays it, stands in :class:`Playable`; the :class:`Scenario` of this
module is played with real processes against real backends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Protocol

from autograder.explore.lane import Lane
from autograder.explore.names import RunName, Strike, slug
from autograder.explore.pairs import NO_PAIRS, Pairs
from autograder.explore.recorder import PREPARATIONS
from autograder.explore.stage import Stage
from autograder.faults import CRASH_POINT_FAULTS, EVICTIONS, PAUSE_FAULTS, Fault
from autograder.history import Call, History
from autograder.invariants import Invariant, State, Violation

__all__ = [
    "CRASH_FAULTS",
    "EVICT",
    "PAUSE",
    "Engine",
    "Playable",
    "Played",
    "ReplicatedScenario",
    "Scenario",
    "judged",
    "named",
    "play",
    "strikes",
    "told",
    "without",
]

Engine = Literal["backends", "replicated", "virtual", "load"]
"""Where a scenario is played: against real backends behind a tap (with a replica of Postgres beside them), in virtual time, or
under load without a tap."""

CRASH_FAULTS = tuple(fault.name for fault in CRASH_POINT_FAULTS)
"""Engine 1, by name, the faults that show most pictures first."""
PAUSE = tuple(fault.name for fault in PAUSE_FAULTS)
"""The minimal schedule gate: one process is held before a call while another runs as far as it gets."""
EVICT = tuple(fault.name for fault in EVICTIONS)
"""A pause in which the process also loses its place in its consumer groups."""


class Playable(Protocol):
    """A scenario as the judge, the sweep and the report see it."""

    engine: ClassVar[Engine]

    @property
    def name(self) -> str:
        """Stands in the names of its runs."""

    @property
    def title(self) -> str:
        """What happens in it, for the report."""

    @property
    def input(self) -> tuple[str, ...]:
        """The words of its undisturbed run."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What may strike in it; nothing where it is played as it is."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Functions and classes that the learner must have written."""

    @property
    def read(self) -> str:
        """The section of the day that explains what breaks here."""

    def play_on(self, lane: Any, name: RunName) -> Played:
        """Play one run from a clean state and judge it."""

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """The runs to play once the undisturbed one has broken no rule, in the order of trying."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is played, who is struck, and what must hold."""

    engine: ClassVar[Engine] = "backends"

    name: str
    title: str
    play: Callable[[Stage], None]
    input: tuple[str, ...]
    """Words that the story is made of (``a1``: version 1 of purchase a); the shrinker leaves out what it can."""
    target: str
    faults: tuple[str, ...]
    rules: tuple[Invariant, ...]
    pairs: Pairs = NO_PAIRS
    """Which runs have two strikes; they are played when every single strike has broken no rule."""
    needs: tuple[str, ...] = ()
    """Functions that the learner must have written."""
    read: str = ""
    """The section of the day that explains what breaks here."""

    def play_on(self, lane: Lane, name: RunName) -> Played:
        """Play one run from a clean state and judge it."""
        return play(self, lane, name)

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """Every strike on the undisturbed run."""
        return tuple(named(self, lab, strike) for strike in strikes(self, undisturbed.history))

    def plan_pairs(self, struck: Played) -> tuple[RunName, ...]:
        """The runs in which a second strike follows the one of this run."""
        name = RunName.parse(struck.name)
        if name.strike is None or not struck.reached:
            return ()
        return tuple(replace(name, then=then) for then in self.pairs.after(name.strike, struck.history, self.target))


@dataclass(frozen=True, kw_only=True)
class ReplicatedScenario(Scenario):
    """A scenario in which Postgres has a follower, at ``at.replica``."""

    engine: ClassVar[Engine] = "replicated"


@dataclass(frozen=True, kw_only=True)
class Played:
    """One run and what came of it."""

    name: str
    history: History
    violations: tuple[Violation, ...] = ()
    reached: bool = True
    """False when the planned call never came, so that nothing was struck."""
    output: str = ""
    failures: tuple[str, ...] = field(default=())
    """What the learner's code raised, each once."""
    share: float | None = None
    """The share of the points that a partly right answer earns; None where a rule is kept or broken."""
    schedules: int = 0
    """How many schedules were walked, where this run stands for all of them."""
    blank: bool = False
    """Was nothing answered at all?"""
    pages: tuple[str, str] = ("", "")
    """Where a run has a report of its own, as a sale under load has: as a fragment of HTML, and as text."""

    def broke(self, rule: str) -> Violation | None:
        """The violation of this rule, if there was one."""
        return next((found for found in self.violations if found.rule == rule), None)


def play(scenario: Scenario, lane: Lane, name: RunName) -> Played:
    """Play one run from a clean state and judge it."""
    lane.reset()
    stage = Stage(lane, name, scenario.target, scenario.pairs)
    scenario.play(stage)
    history, violations = judged(scenario.rules, stage.history(scenario.title), stage.states)
    return told(stage, history, violations, reached=name.strike is None or stage.conductor.struck)


def told(
    stage: Stage, history: History, violations: tuple[Violation, ...], *, name: str = "", reached: bool = True
) -> Played:
    """A run as it was played on this stage."""
    return Played(
        name=name or str(stage.name),
        history=history,
        violations=violations,
        reached=reached,
        failures=_failures(stage),
        output="".join(getattr(result, "output", "") for _, result in stage.results)[-2000:],
    )


def judged(
    rules: Iterable[Invariant], history: History, states: Iterable[State]
) -> tuple[History, tuple[Violation, ...]]:
    """What was broken, each rule once; and the history up to where the first was seen, with the violation marked."""
    states = tuple(states)
    found: dict[str, tuple[Violation, int]] = {}
    for rule in rules:
        for state in states:
            violation = _asked(rule, history.until(state.at), state)
            if violation is not None:
                found.setdefault(violation.rule, (violation, state.at))
    if not found:
        return history, ()
    first, seen_at = next(iter(found.values()))
    history = history.until(seen_at)
    history = history.with_violation(first.evidence, first.process or _last_process(history))
    return history, tuple(violation for violation, _ in found.values())


def _asked(rule: Invariant, history: History, state: State) -> Violation | None:
    """Ask a rule; what a program left behind may be anything, so a rule that cannot read it is broken by it."""
    try:
        return rule(history, state)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        return Violation(
            rule=rule.__name__, evidence=f"what it left behind {state.moment} cannot be read ({type(error).__name__}: {error})"
        )


def _failures(stage: Stage) -> tuple[str, ...]:
    said = (f"{job.function}: {ended.error}" for job, ended in stage.results if ended.kind not in ("returned", "killed"))
    return tuple(dict.fromkeys(said))


def _last_process(history: History) -> str:
    return history.calls[-1].process if history.calls else (history.processes or ("",))[0]


def strikes(scenario: Scenario, undisturbed: History) -> tuple[Strike, ...]:
    """Every point of an undisturbed run at which one of the scenario's faults can strike, in the order of trying.

    A crash point is a call with an effect; a pause is tried before every call, since a read can be overtaken too. A
    producer's own preparations come last: they happen in the background, at no fixed place among the other calls. Where
    the backend never answered there is no moment after the answer.
    """
    calls = [call for call in undisturbed.by(scenario.target) if call.incarnation == 1]
    calls.sort(key=lambda call: call.label in PREPARATIONS)
    found: list[Strike] = []
    for fault in scenario.faults:
        can_strike = [call for call in calls if call.effect or fault in (*PAUSE, *EVICT)]
        found += [_strike(fault, call) for call in can_strike if call.end is not None or Fault.named(fault).side != "after"]
    return tuple(dict.fromkeys(found))


def _strike(fault: str, call: Call) -> Strike:
    return Strike(fault=fault, label=slug(call.label), occurrence=call.occurrence)


def named(scenario: Playable, lab: str, strike: Strike | None = None, words: tuple[str, ...] | None = None) -> RunName:
    """The name of one of this scenario's runs."""
    return RunName(lab=lab, scenario=scenario.name, input=scenario.input if words is None else words, strike=strike)


def without(name: RunName, word: str) -> RunName:
    """The same run with one word of its input left out."""
    return replace(name, input=tuple(kept for kept in name.input if kept != word))
