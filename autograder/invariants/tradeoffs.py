"""The rules of the lab of decisions. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "Bound",
    "is_near",
    "is_number",
    "the_decision_meets_its_slo",
    "the_limit_is_where_it_is_said",
    "the_numbers_come_true",
    "the_record_agrees_with_itself",
]

TOLERANCE, FLOOR = 0.15, 0.5
"""How far a number may be from what is measured: so large a share of it, or so much where that is more."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """One line of an SLO."""

    number: str
    value: float
    at_most: bool = True

    def holds(self, value: float) -> bool:
        """Is this value within the bound?"""
        return value <= self.value if self.at_most else value >= self.value

    def __str__(self) -> str:
        return f"{self.number} at {'most' if self.at_most else 'least'} {self.value:g}"


def the_decision_meets_its_slo(history: History, state: State) -> Violation | None:
    """The decision meets every bound of its scenario's SLO when the judge plays the scenario."""
    for bound in state.known["slo"]:
        measured = state.known["measured"][bound.number]
        if not bound.holds(measured):
            said = f"with {state.known['decision']!r} {bound.number} is {measured:.3g}, and the SLO asks for at {_asked(bound)}"
            return _violation(1, f"{said}{_because(state, bound.number)}")
    return None


def the_numbers_come_true(history: History, state: State) -> Violation | None:
    """Every number of the record is within 15 % of what the judge measures for its decision, or within 0.5 where that is more."""
    numbers, measured, asked = (state.known[key] for key in ("numbers", "measured", "asked"))
    for name in asked:
        if name in numbers and not is_number(numbers[name]):
            return _violation(2, f"{name} is {numbers[name]!r:.60}, which is no number")
    near = sum(is_near(numbers.get(name), measured[name]) for name in asked)
    if near == len(asked):
        return None
    said = f"{near} of the {len(asked)} numbers {'is' if near == 1 else 'are'} near enough"
    missing = [f"{name} is missing" for name in asked if name not in numbers]
    return _violation(2, "; ".join([said, *missing, *filter(None, [state.known.get("belief", "")])]))


def the_record_agrees_with_itself(history: History, state: State) -> Violation | None:
    """The numbers of the record meet the SLO that its decision is said to meet; a record that contradicts itself earns nothing."""
    numbers = state.known["numbers"]
    for bound in state.known["slo"]:
        said = numbers.get(bound.number)
        if is_number(said) and not bound.holds(float(said)):
            return _violation(3, f"the record expects {bound.number} {float(said):.4g}, and the SLO asks for at {_asked(bound)}")
    return None


def the_limit_is_where_it_is_said(history: History, state: State) -> Violation | None:
    """At 0.85 times the stated limit the decision still meets its SLO, and at 1.15 times it does not."""
    said = state.known["limits"]
    wrong = [f"{one.decision}: {one.trouble}" for one in said if one.trouble]
    if not wrong:
        return None
    right = len(said) - len(wrong)
    return _violation(4, "; ".join([f"{right} of the {len(said)} limits {'is' if right == 1 else 'are'} right", *wrong]))


RULES = {
    number: rule.__name__
    for number, rule in enumerate(
        (
            the_decision_meets_its_slo,
            the_numbers_come_true,
            the_record_agrees_with_itself,
            the_limit_is_where_it_is_said,
        ),
        start=1,
    )
}
"""Names of the rules by their number in the lab; the last one belongs to the stretch task."""


def is_number(value: Any) -> bool:
    """A finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def is_near(said: Any, measured: float) -> bool:
    """Is a stated number near enough to the measured one?"""
    return is_number(said) and abs(float(said) - measured) <= max(TOLERANCE * abs(measured), FLOOR)


def _asked(bound: Bound) -> str:
    return f"{'most' if bound.at_most else 'least'} {bound.value:g}"


def _because(state: State, number: str) -> str:
    why: Mapping[str, str] = state.known.get("because", {})
    return f": {why[number]}" if number in why else ""


def _violation(number: int, evidence: str) -> Violation:
    return Violation(rule=RULES[number], evidence=evidence)
