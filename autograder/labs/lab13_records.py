"""Decision records: the learner's function returns one, the judge plays its scenario and holds the record to its own numbers."""

from __future__ import annotations

import select
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from autograder.explore.names import RunName
from autograder.explore.scenario import Engine, Played, judged
from autograder.explore.subject import Result
from autograder.explore.virtual_lane import VirtualLane
from autograder.history import History
from autograder.invariants import Invariant, State, Violation
from autograder.invariants import tradeoffs as rule
from autograder.labs.codes import NoSuchCode
from autograder.labs.lab13_beliefs import because, belief
from autograder.labs.lab13_scenarios import DECISIONS, Scenario, measured, scenario_of

__all__ = ["BadRecord", "DecisionRecord", "LimitSheet", "Limit", "read_record"]

RULES: tuple[Invariant, ...] = (rule.the_record_agrees_with_itself, rule.the_decision_meets_its_slo, rule.the_numbers_come_true)
SPREAD = 0.15
"""So far below a stated limit the SLO must hold, and so far above it must not."""


class BadRecord(ValueError):
    """The record cannot be read; says what is missing."""


@dataclass(frozen=True, kw_only=True)
class DecisionRecord:
    """One of the four decisions, recorded."""

    engine: ClassVar[Engine] = "virtual"
    faults: ClassVar[tuple[str, ...]] = ()

    name: str
    title: str
    function: str
    """The learner's function: it takes nothing and returns the record."""
    decision: str
    read: str
    needs: tuple[str, ...] = ()
    input: tuple[str, ...] = ("record",)

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """A record is read once."""
        return ()

    def play_on(self, lane: VirtualLane, name: RunName) -> Played:
        """Have the record written, play its scenario, and hold it to its numbers."""
        result = _called(lane, self.function)
        history = History(run=str(name), title=self.title)
        if result.kind != "returned":
            return _unread(name, history, f"{self.function}() gives no record: {result.error}", failures=(f"{self.function}: {result.error}",))
        if isinstance(result.value, dict) and _is_blank(result.value):
            return _unread(name, history, "nothing is decided yet", blank=True)
        try:
            scenario, chosen, numbers = read_record(result.value, self.decision)
        except ValueError as error:
            return _unread(name, history, str(error))
        found = measured(scenario.code, self.decision, chosen)
        known = {
            "decision": chosen,
            "numbers": numbers,
            "asked": scenario.asked,
            "slo": scenario.slo,
            "measured": found,
            "belief": belief(scenario, chosen, numbers, found),
            "because": because(scenario, chosen),
        }
        history, violations = judged(RULES, history, [State(moment="when the scenario is played", known=known)])
        worth = not _is_worthless(violations, [rule.is_near(numbers.get(one), found[one]) for one in scenario.asked], numbers)
        return Played(name=str(name), history=history, violations=violations, share=0.0 if violations and worth else None)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Where a decision is said to stop meeting its SLO, and what is wrong with that; nothing where it is right."""

    decision: str
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class LimitSheet:
    """The numbers that would change the four decisions."""

    engine: ClassVar[Engine] = "virtual"
    faults: ClassVar[tuple[str, ...]] = ()

    name: str
    title: str
    function: str
    read: str
    needs: tuple[str, ...] = ()
    input: tuple[str, ...] = ("limits",)

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """A sheet is read once."""
        return ()

    def play_on(self, lane: VirtualLane, name: RunName) -> Played:
        """Play each decision a little below its limit and a little above it."""
        result = _called(lane, self.function)
        history = History(run=str(name), title=self.title)
        value = result.value
        if result.kind != "returned" or not isinstance(value, dict):
            said = result.error or f"it returned a {type(value).__name__}, not a dict"
            found = Violation(rule=rule.RULES[4], evidence=f"{self.function}() gives no limits: {said}")
            return Played(name=str(name), history=history, violations=(found,), failures=(f"{self.function}: {said}",))
        limits = tuple(Limit(decision=one, trouble=_limit_trouble(value, one)) for one in DECISIONS)
        blank = not any(value.get(one) for one in DECISIONS)
        state = State(moment="when the limits are played", known={"limits": limits})
        history, violations = judged((rule.the_limit_is_where_it_is_said,), history, [state])
        right = sum(not one.trouble for one in limits)
        return Played(
            name=str(name), history=history, violations=violations, blank=blank, share=right / len(limits) if violations else None
        )


def read_record(value: Any, decision: str) -> tuple[Scenario, str, dict[str, Any]]:
    """The scenario, the option and the numbers of a record; raises BadRecord, or NoSuchCode, with what to mend."""
    if not isinstance(value, Mapping):
        raise BadRecord(f"A record is a dict, and this is a {type(value).__name__}.")
    code, chosen, numbers = value.get("scenario"), value.get("decision"), value.get("numbers")
    if not isinstance(code, str) or not code.strip():
        raise NoSuchCode("The record does not say which scenario it is about: copy the code that the cell of your name prints.")
    scenario = scenario_of(code, decision)
    if chosen not in scenario.decision.options:
        raise BadRecord(f"decision is {chosen!r:.60}, which is none of {'; '.join(scenario.decision.options)}.")
    if not isinstance(numbers, Mapping):
        raise BadRecord("The record has no numbers: a decision without them cannot be wrong, and so it says nothing.")
    return scenario, chosen, {str(name): one for name, one in numbers.items()}


def _limit_trouble(sheet: Mapping[str, Any], decision: str) -> str:
    said, code = sheet.get(decision), sheet.get("scenario")
    if not isinstance(code, str):
        return "the sheet does not say which scenario it is about"
    try:
        scenario = scenario_of(code, decision)
    except NoSuchCode as error:
        return str(error)
    if not isinstance(said, Mapping) or said.get("decision") not in scenario.decision.options:
        return f"no decision that is one of {'; '.join(scenario.decision.options)}"
    at, chosen = said.get("limit"), said["decision"]
    if not rule.is_number(at) or not 0 < float(at) < 1e6:
        return f"{at!r:.40} is no limit: every decision has one"
    if not _holds(scenario, chosen, scenario.tomorrow):
        return f"{chosen!r} does not meet the SLO at all"
    below, above = (scenario.decision.at(scenario.tomorrow, float(at) * factor) for factor in (1 - SPREAD, 1 + SPREAD))
    if not _holds(scenario, chosen, below):
        return f"{chosen!r} misses the SLO well below {float(at):.4g} already"
    return f"{chosen!r} still meets the SLO well above {float(at):.4g}" if _holds(scenario, chosen, above) else ""


def _holds(scenario: Scenario, option: str, of: Any) -> bool:
    decision = scenario.decision
    found = decision.numbers(option, decision.play(option, of, seed=13))
    return all(bound.holds(found[bound.number]) for bound in scenario.slo)


def _unread(name: RunName, history: History, evidence: str, *, blank: bool = False, failures: tuple[str, ...] = ()) -> Played:
    violations = tuple(Violation(rule=one.__name__, evidence=evidence.rstrip(".")) for one in RULES)
    return Played(name=str(name), history=history, violations=violations, blank=blank, failures=failures)


def _is_worthless(violations: tuple[Violation, ...], near: list[bool], numbers: Mapping[str, Any]) -> bool:
    """It contradicts itself, or it is a guess: words for numbers, not one number near, or neither decision nor numbers right."""
    broken = {one.rule for one in violations}
    words = not all(rule.is_number(one) for one in numbers.values())
    return RULES[0].__name__ in broken or words or not any(near) or {one.__name__ for one in RULES[1:]} <= broken


def _is_blank(record: Mapping[str, Any]) -> bool:
    numbers = record.get("numbers")
    return not record.get("decision") and not (isinstance(numbers, Mapping) and any(one is not None for one in numbers.values()))


def _called(lane: VirtualLane, function: str) -> Result:
    running = lane.subjects.start(function, [], ports=())
    while (result := running.poll()) is None:
        select.select([running.fileno()], [], [], 1.0)
    return result
