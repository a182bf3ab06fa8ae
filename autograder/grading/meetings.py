"""Meetings: two calls of a notebook's functions, in every order of their statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.backends import connect
from autograder.explore.names import RunName
from autograder.explore.schedules import ScheduleScenario
from autograder.explore.search import preemptions
from autograder.grading.experiments import program_of_cells
from autograder.grading.lanes import LaneSpec, kept_lane
from autograder.invariants import caching
from autograder.invariants import stock as rule
from autograder.labs import Lab
from autograder.labs.lab09_caching import LAB as CACHING
from autograder.labs.lab09_scenarios import meets
from autograder.labs.lab10_anomalies import ANOMALIES, LEVELS, is_possible
from autograder.labs.lab10_locking import LAB as LOCKING
from autograder.labs.lab10_scenarios import meeting

__all__ = ["play_matrix", "play_meeting", "play_update"]

RULES = (rule.never_more_than_there_is, rule.the_answer_is_true, rule.what_can_be_sold_is_sold)
SCHEDULES_MAX = 600


def play_meeting(request: Mapping[str, Any]) -> dict[str, Any]:
    """Play every schedule of two buyers' calls: how each ended, and the history of the first that breaks a rule."""
    function = request["function"]
    baskets = [tuple((item, quantity) for item, quantity in basket) for basket in request["baskets"]]
    prices = (rule.each_price_fits_its_unit,) if request.get("prices") else ()
    scenario = meeting("meet", "Two buyers meet", function, request["shelf"], *baskets, rules=(*RULES, *prices), read="")
    return _played(request, scenario, LOCKING, RunName(lab="10", scenario="meet", input=(request["shelf"],)))


def play_update(request: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a look at a product and its update, on the real Redis and Postgres."""
    word = request["word"]
    rules = (caching.no_stale_look, caching.each_look_is_answered)
    scenario = meets("meet", request["get"], request["put"], word, rules, "")
    return _played(request, scenario, CACHING, RunName(lab="09", scenario="meet", input=(word,)))


def _played(request: Mapping[str, Any], scenario: ScheduleScenario, lab: Lab, name: RunName) -> dict[str, Any]:
    program = program_of_cells(request["cells"], scenario.needs)
    for function in scenario.needs:
        if not program.is_attempted(function):
            raise ValueError(f"{function} is not defined in this notebook: run the cell that defines it first.")
    rows, first, serial = [], None, None
    with connect() as lease:
        lane = kept_lane(LaneSpec(backends=lease.backends, lab=lab.name, program=program))
        for played, walk in scenario.every(lane, name):
            rows.append(
                {
                    "schedule": RunName.parse(played.name).schedule,
                    "preemptions": preemptions(walk),
                    "broken": played.violations[0].evidence if played.violations else "",
                    "errors": list(played.failures),
                }
            )
            serial = serial or played
            first = first or (played if played.violations else None)
            if len(rows) == SCHEDULES_MAX:
                break
    shown = first or serial
    return {"rows": rows, "history": shown.history.to_lines() if shown else "", "name": shown.name if shown else ""}


def play_matrix(request: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the server which anomalies each isolation level admits: for each, possible or not, and in how many schedules."""
    wanted = request.get("levels") or LEVELS
    table: dict[str, dict[str, Any]] = {}
    with connect() as lease:
        lane = kept_lane(LaneSpec(backends=lease.backends, lab=LOCKING.name, program=program_of_cells([], [])))
        for anomaly in ANOMALIES:
            found = {level: is_possible(lane, anomaly, level) for level in wanted}
            table[anomaly.name] = {"says": anomaly.says, "levels": found}
    return {"table": table}
