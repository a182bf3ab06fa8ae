"""What a wrong record says of its writer: which wrong number this is, and why an option misses its SLO. Never the right answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.invariants.tradeoffs import is_near, is_number
from autograder.labs.lab13_scenarios import Scenario

__all__ = [
    "ALONE",
    "ANSWERS",
    "COPIED",
    "DIVIDED",
    "EMPTY_QUEUE",
    "FREE",
    "FULL",
    "ONE_FULL",
    "ONE_HOP",
    "OUTAGE",
    "TODAY",
    "TOGETHER",
    "UNHEARD",
    "because",
    "belief",
]

NEAR = 0.03
"""A number is taken for a known wrong one when it is this near to it."""

ONE_HOP = "that is the share of one hop, and an order makes several"
OUTAGE = "that is how long the warehouse is away; what has gathered meanwhile is not worked off yet"
EMPTY_QUEUE = "that is an answer without a queue"
ALONE = "that is what the usual lag gives, without the time in which a replica is far behind"
FREE = "that would be no second attempt at all"
DIVIDED = "that divides the failures by the attempts"
COPIED = "that is the SLO's own number, which says what is wanted and not what will be"
TODAY = "that is what today gives, and the scenario is another one"

ONE_FULL = "one of its processes is full while the others have time to spare"
TOGETHER = "what shares a process dies with it"
ANSWERS = "whoever orders while the warehouse is away gets an error"
FULL = "everybody asks one server, far away, and waits there for the others"
UNHEARD = "an attempt that is never answered stays so"


def belief(scenario: Scenario, option: str, numbers: Mapping[str, Any], found: Mapping[str, float]) -> str:
    """Which known wrong number the record holds; nothing where it holds none."""
    slo = {bound.number: bound.value for bound in scenario.slo}
    wrong = {name: float(one) for name, one in numbers.items() if name in found and is_number(one) and not is_near(one, found[name])}
    for name, said in wrong.items():
        for value, why in _known(scenario, option, name):
            if abs(said - value) <= max(NEAR * abs(value), 1e-9):
                return f"{name}: {why}"
    for name, said in wrong.items():
        if said == slo.get(name):
            return f"{name}: {COPIED}"
    today = scenario.decision.expected(option, scenario.today)
    for name, said in wrong.items():
        if abs(said - today[name]) <= NEAR * abs(today[name]):
            return f"{name}: {TODAY}"
    return ""


def _known(scenario: Scenario, option: str, name: str) -> list[tuple[float, str]]:
    of: Any = scenario.tomorrow
    kind = scenario.decision.name, name
    if kind == ("shape", "slow_per_1000"):
        return [(1000 * of.hop_slow, ONE_HOP)]
    if kind == ("talk", "behind_s"):
        return [(of.away_s, OUTAGE)]
    if kind == ("talk", "answer_ms"):
        return [(of.own_ms + of.wire_ms + of.work_ms, EMPTY_QUEUE)]
    if kind == ("reads", "stale_per_1000") and option == "nearest":
        return [(1000 * of.writes_per_s * of.lag_ms / 1000, ALONE)]
    if kind == ("calls", "extra_calls_per_100"):
        return [(0.0, FREE)]
    if kind == ("calls", "fails_per_1000"):
        return [(1000 * share / attempts, DIVIDED) for share in (of.lost, of.lost + of.slow) for attempts in (2, 3)]
    return []


def because(scenario: Scenario, option: str) -> dict[str, str]:
    """Why this option misses a bound, by the name of the number."""
    return {
        "shape": {"fails_per_1000": TOGETHER} if option == "monolith" else {"orders_per_s_max": ONE_FULL},
        "talk": {"fails_per_1000": ANSWERS},
        "reads": {"read_ms": FULL} if option == "leader" else {},
        "calls": {"fails_per_1000": UNHEARD} if option == "one call" else {},
    }[scenario.decision.name]
