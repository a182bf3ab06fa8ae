"""Scenario: a story of the shop that can be played with and without a fault, and the invariants that must survive it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from autograder.explore.lane import Lane
from autograder.explore.names import RunName, Strike, slug
from autograder.explore.recorder import PREPARATIONS
from autograder.explore.stage import Stage
from autograder.history import Call, History
from autograder.invariants import Invariant, State, Violation

__all__ = ["CRASH_FAULTS", "PAUSE", "Played", "Scenario", "named", "play", "strikes", "without"]

CRASH_FAULTS = ("kill-before", "kill-after", "cut-before", "cut-after", "park")
"""Engine 1, the faults that show most pictures first."""
PAUSE = ("pause",)
"""The minimal schedule gate: one process is held before a call while another runs as far as it gets."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is played, who is struck, and what must hold."""

    name: str
    title: str
    play: Callable[[Stage], None]
    input: tuple[str, ...]
    """Words that the story is made of (``a1``: version 1 of purchase a); the shrinker leaves out what it can."""
    target: str
    faults: tuple[str, ...]
    rules: tuple[Invariant, ...]
    needs: tuple[str, ...] = ()
    """Functions that the learner must have written."""
    read: str = ""
    """The section of the day that explains what breaks here."""


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

    def broke(self, rule: str) -> Violation | None:
        """The violation of this rule, if there was one."""
        return next((found for found in self.violations if found.rule == rule), None)


def play(scenario: Scenario, lane: Lane, name: RunName) -> Played:
    """Play one run from a clean state and judge it."""
    lane.reset()
    stage = Stage(lane, name, scenario.target)
    scenario.play(stage)
    history = stage.history(scenario.title)
    violations, seen_at = _violations(scenario, history, stage)
    if violations:
        first, history = violations[0], history.until(seen_at)
        history = history.with_violation(first.evidence, first.process or _last_process(history))
    return Played(
        name=str(name),
        history=history,
        violations=violations,
        reached=name.strike is None or stage.conductor.struck,
        failures=_failures(stage),
        output="".join(getattr(result, "output", "") for _, result in stage.results)[-2000:],
    )


def _violations(scenario: Scenario, history: History, stage: Stage) -> tuple[tuple[Violation, ...], int]:
    """What was broken, each rule once, and the tick at which the first broken rule was seen to be broken."""
    found: dict[str, tuple[Violation, int]] = {}
    for rule in scenario.rules:
        for state in stage.states:
            violation = _asked(rule, history.until(state.at), state)
            if violation is not None:
                found.setdefault(violation.rule, (violation, state.at))
    return tuple(violation for violation, _ in found.values()), next((at for _, at in found.values()), 0)


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
    producer's own preparations come last: they happen in the background, at no fixed place among the other calls.
    """
    calls = [call for call in undisturbed.by(scenario.target) if call.incarnation == 1]
    calls.sort(key=lambda call: call.label in PREPARATIONS)
    found: list[Strike] = []
    for fault in scenario.faults:
        found += [_strike(fault, call) for call in calls if call.effect or fault == "pause"]
    return tuple(dict.fromkeys(found))


def _strike(fault: str, call: Call) -> Strike:
    return Strike(fault=fault, label=slug(call.label), occurrence=call.occurrence)


def named(scenario: Scenario, lab: str, strike: Strike | None = None, words: tuple[str, ...] | None = None) -> RunName:
    """The name of one of this scenario's runs."""
    return RunName(lab=lab, scenario=scenario.name, input=scenario.input if words is None else words, strike=strike)


def without(name: RunName, word: str) -> RunName:
    """The same run with one word of its input left out."""
    return replace(name, input=tuple(kept for kept in name.input if kept != word))
