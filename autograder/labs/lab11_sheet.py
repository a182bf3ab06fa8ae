"""The answer sheet of lab 11's incident: component, first bad event, orders touched. All three, or nothing and another incident."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from autograder.explore.answers import AnswerSheet
from autograder.invariants.incident import the_incident_is_understood
from autograder.labs.codes import NoSuchCode
from autograder.labs.lab11_incidents import Incident, incident_of
from autograder.labs.lab11_signals import COMPONENTS, Line
from autograder.labs.lab11_spent import note_wrong, refuse

__all__ = ["CONSEQUENCE", "DEPLOY", "FAILED", "FIRST_ERROR", "LATER", "LOUDEST", "SHEET", "belief", "right", "truth"]

FIRST_ERROR = "its first ERROR line is the first of the whole recording by the clocks"
LOUDEST = "it has the most ERROR lines of all"
DEPLOY = "a deploy is cited, and it changed nothing that a contract speaks of"
CONSEQUENCE = "that line keeps its component's contract"
LATER = "an earlier line of the same component breaks its contract in the same way"
FAILED = "the orders are those that were answered with 503"


def truth(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The truth about the incident that the answers name; raises ValueError with what to mend."""
    found = _incident(answers)
    blank = [name for name in ("component", "first", "orders") if not answers.get(name)]
    if blank:
        raise ValueError(f"Answer all three at once: {blank[0]} is not answered yet, and nothing was marked.")
    refuse(found.code, answers)
    return {"component": found.component, "first": found.first, "orders": sorted(found.orders)}


def right(question: str, answer: Any, true: Any) -> bool:
    """The component and the line by their names, the orders as a set."""
    if question == "orders":
        return isinstance(answer, list) and sorted({str(one).strip() for one in answer}) == true
    return isinstance(answer, str) and answer.strip() == true


def belief(answers: Mapping[str, Any]) -> str:
    """What kind of wrong this is; never the right answer."""
    found = _incident(answers)
    said = _said(found, answers)
    over = f"incident {found.code} is over: the cell of your name shows another"
    return f"{said}; {over}" if said else over


def _incident(answers: Mapping[str, Any]) -> Incident:
    code = answers.get("incident")
    if not isinstance(code, str):
        raise NoSuchCode("The sheet does not say which incident it is about: copy the code that the cell of your name prints.")
    return incident_of(code.strip())


def _said(found: Incident, answers: Mapping[str, Any]) -> str:
    component, first = answers.get("component"), str(answers.get("first")).strip()
    lines = found.signals.lines
    errors = [line for line in lines if line["level"] == "error"]
    cited = next((line for line in lines if line["line"] == first), None)
    if component != found.component:
        return _wrong_component(str(component), errors, cited, lines)
    if first != found.first:
        return _wrong_line(found, cited)
    return _wrong_orders(found, answers.get("orders"))


def _wrong_component(component: str, errors: list[Line], cited: Line | None, lines: Iterable[Line]) -> str:
    if cited is not None and cited["event"] == "config.loaded":
        return DEPLOY
    if cited is not None and cited is errors[0]:
        return FIRST_ERROR
    if component == Counter(line["service"] for line in errors).most_common(1)[0][0]:
        return LOUDEST
    return CONSEQUENCE if cited is not None else ""


def _wrong_line(found: Incident, cited: Line | None) -> str:
    if cited is None or cited["service"] != found.component:
        return "the first bad event is a line of the component itself"
    if cited["event"] == "config.loaded":
        return DEPLOY
    if int(cited["line"][-4:]) > int(found.first[-4:]) and _event(found, found.first) == cited["event"]:
        return LATER
    return CONSEQUENCE


def _event(found: Incident, name: str) -> str:
    return next(line["event"] for line in found.signals.lines if line["line"] == name)


def _wrong_orders(found: Incident, orders: Any) -> str:
    named = {str(one).strip() for one in orders} if isinstance(orders, list) else set()
    lines = found.signals.lines
    if named == {line["order_id"] for line in lines if line["event"] == "request.answered" and line["status"] == 503}:
        return FAILED
    if named > set(found.orders):
        return f"{len(named)} orders are named, and among them are some that end as they would have without the fault"
    return f"{len(named)} orders are named, and some are missing" if named < set(found.orders) else "the orders are others"


SHEET = AnswerSheet(
    name="sheet",
    title="One incident: which component, which line was first, which orders",
    function="incident",
    questions={"incident": None, "component": COMPONENTS, "first": None, "orders": None},
    asked=("component", "first", "orders"),
    truth=truth,
    right=right,
    worth=lambda count, asked: float(count == asked),
    rule=the_incident_is_understood,
    belief=belief,
    wrong=note_wrong,
    needs=("incident",),
    read="Ask what each part promised, and who broke it first",
)
