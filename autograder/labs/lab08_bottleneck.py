"""The answer sheet of lab 8: which resource to scale first, and what doubling it gives. The simulation that does it decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from autograder.explore.answers import AnswerSheet
from autograder.invariants.scaling import the_bottleneck_is_named
from autograder.labs.codes import NoSuchCode
from autograder.labs.lab08_systems import RESOURCES, Truth, measured, system_of, truth_of

__all__ = ["API", "DATABASE", "HALF", "NOTHING", "SHEET", "SLOWEST", "TWICE", "belief", "right", "truth"]

TOLERANCE = 0.10
NEAR = 0.04
"""A promise is taken for one of the known wrong ones when it is this near to it."""

SLOWEST = "its visits take longest, and its servers stand idle most of the time"
API = "the API had time to spare before"
DATABASE = "the database had time to spare before"
TWICE = "that would be twice what the system does now; another resource is full before"
NOTHING = "that is what the system does now"
HALF = "that is what it was measured at, and nothing was full then"


def truth(answers: Mapping[str, Any]) -> dict[str, Any]:
    """What doubling gives in the system that the answers name; raises NoSuchCode (a ValueError)."""
    code = answers.get("system")
    if not isinstance(code, str):
        raise NoSuchCode("The sheet does not say which system it is about: copy the code that the cell of your name prints.")
    found = truth_of(code.strip())
    # a promise belongs to a resource: with another one doubled it cannot be kept
    promise = found.doubled_per_s[found.scale_first] if answers.get("scale_first") == found.scale_first else math.nan
    return {"scale_first": found.scale_first, "orders_per_s": promise}


def right(question: str, answer: Any, true: Any) -> bool:
    """The resource exactly, the throughput within a tenth."""
    if question == "scale_first":
        return bool(answer == true)
    return not isinstance(answer, bool) and abs(float(answer) - true) <= TOLERANCE * true


def belief(answers: Mapping[str, Any]) -> str:
    """What the simulation says to a wrong choice, or which wrong promise this is; never the right answer."""
    code, chosen = str(answers["system"]).strip(), answers.get("scale_first")
    found = truth_of(code)
    if chosen in RESOURCES and chosen != found.scale_first:
        return _chosen(code, str(chosen), found)
    promised = answers.get("orders_per_s")
    return _promised(float(promised), code, found) if _is_number(promised) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _chosen(code: str, chosen: str, found: Truth) -> str:
    slowest = max(system_of(code).stations, key=lambda station: station.work_ms).name
    why = {"api": API, "database": DATABASE, slowest: SLOWEST}.get(chosen, "")
    said = f"with the {chosen} doubled it does {found.doubled_per_s[chosen]:.0f} orders per second, as it is {found.as_it_is_per_s:.0f}"
    return f"{said}: {why}" if why else said


def _promised(promised: float, code: str, found: Truth) -> str:
    seen = measured(code).throughput_per_s
    for value, why in ((2 * found.as_it_is_per_s, TWICE), (found.as_it_is_per_s, NOTHING), (seen, HALF)):
        if abs(promised - value) <= NEAR * value:
            return f"{promised:.0f} orders per second are promised: {why}"
    return ""


SHEET = AnswerSheet(
    name="sheet",
    title="The bottleneck of one system, and what doubling it gives",
    function="bottleneck",
    questions={"system": None, "scale_first": RESOURCES, "orders_per_s": None},
    asked=("scale_first", "orders_per_s"),
    truth=truth,
    right=right,
    worth=lambda count, asked: {0: 0.0, 1: 0.4}.get(count, 1.0),
    rule=the_bottleneck_is_named,
    belief=belief,
    needs=("bottleneck",),
    read="Scale what is full",
)
