"""Rules of a design document: is it complete, are its estimates right, and are its claims kept by the program that comes with it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "CLAIMS", "COMPONENTS", "CORE", "ENDINGS", "ESTIMATES", "FINISHERS", "LIMITS", "TOLERANCE", "WHEN_IT_DIES", "gaps_of", "the_claims_are_kept",
    "the_design_is_complete", "the_estimates_are_right", "wrong_estimates",
]  # fmt: skip

CORE: Mapping[str, str] = MappingProxyType(
    {
        "never oversold": "nothing_is_oversold",
        "charged once": "nobody_pays_twice",
        "money and order agree": "captured_is_paid",
        "shipped once": "each_paid_order_ships_once",
        "told the truth": "what_was_told_is_true",
        "nothing held for ever": "nothing_is_held_for_ever",
        "answered in time": "everybody_is_answered",
    }
)
"""What every sale must promise, and the rule that such a promise is."""
LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "a worker may die at any moment": "worker",
        "redis may come back empty": "redis",
        "the gateway may fall silent": "gateway",
        "sold out costs nothing": "crowd",
    }
)
"""What a sale may promise, and the story that shows whether it is so."""
CLAIMS = (*CORE, *LIMITS)
COMPONENTS = ("worker", "postgres", "redis", "kafka", "gateway")
ENDINGS = ("sales stop", "sales go on", "not used")
WHEN_IT_DIES = ("before the unit is reserved", "after it is reserved", "after the card is charged", "after the order is paid", "after the event is published")
FINISHERS = ("nobody has to", "the buyer's repeat", "work", "the topic delivers again")
UNPUBLISHED, BEGUN = WHEN_IT_DIES[:4], WHEN_IT_DIES[1:4]
"""Moments at which no topic has anything to deliver, and at which something was begun that somebody has to end."""
WORDS_MIN = 3
TOLERANCE = 0.25


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number that the design must name."""

    asked: str
    value: float
    unit: str


ESTIMATES: Mapping[str, Estimate] = MappingProxyType(
    {
        "requests per second": Estimate(asked="100,000 buyers are to have their first answer within 10 s", value=10_000, unit="1/s"),
        "charges under way": Estimate(asked="1,100 charges in 20 s, each takes 0.05 s at the gateway", value=2.75, unit="charges"),
        "seconds with postgres alone": Estimate(asked="a transaction for each of 100,000 buyers, 2,500 of them in a second", value=40, unit="s"),
        "megabytes in line": Estimate(asked="50,000 requests wait in a worker, each takes 4 kB", value=200, unit="MB"),
    }
)


def the_design_is_complete(history: History, state: State) -> Violation | None:
    """The design says for each component what it does and what happens when it dies, who finishes after each crash, and yes or no to each claim; the seven that make a sale are claimed."""


def the_estimates_are_right(history: History, state: State) -> Violation | None:
    """Each of the four estimates is right within a quarter."""


def the_claims_are_kept(history: History, state: State) -> Violation | None:
    """What the design claims, the program keeps: in no run is a claim broken."""


def gaps_of(design: Mapping[str, Any]) -> list[str]:
    """What is missing or unknown in a design, one sentence each."""
    components, crashes, claims = (_part(design, name) for name in ("components", "if it dies", "claims"))
    found = [f"{name}: {said}" for name in COMPONENTS if (said := _component_gap(components.get(name)))]
    found += [f"a worker that dies {moment}: say who finishes, one of {_listed(FINISHERS)}" for moment in WHEN_IT_DIES if crashes.get(moment) not in FINISHERS]
    found += [f"a worker that dies {moment}: nothing is published yet that a topic could deliver again" for moment in UNPUBLISHED if crashes.get(moment) == FINISHERS[3]]
    found += [f"a worker that dies {moment}: what it has begun has to be finished" for moment in BEGUN if crashes.get(moment) == FINISHERS[0]]
    found += [f"the claim {name!r}: say True or False" for name in CLAIMS if not isinstance(claims.get(name), bool)]
    found += [f"without {name!r} it is no sale: claim it" for name in CORE if claims.get(name) is False]
    found += [f"nobody asked for {str(name)[:40]!r}" for name in claims if name not in CLAIMS]
    return found


def _component_gap(said: Any) -> str:
    if not isinstance(said, list | tuple) or len(said) != 2:
        return "say what it does, and what happens when it dies"
    if said[1] not in ENDINGS:
        return f"what happens when it dies is one of {_listed(ENDINGS)}"
    return "" if said[1] == "not used" or len(str(said[0]).split()) >= WORDS_MIN else f"say in {WORDS_MIN} words or more what it does"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(repr(word) for word in words)


def _part(design: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = design.get(name)
    return part if isinstance(part, Mapping) else {}


def wrong_estimates(design: Mapping[str, Any]) -> list[str]:
    """The estimates that are missing, or off by more than a quarter; which way is not said."""
    said = _part(design, "estimates")
    return [f"{name} ({one.asked})" for name, one in ESTIMATES.items() if not _is_near(said.get(name), one.value)]


def _is_near(said: Any, value: float) -> bool:
    return isinstance(said, int | float) and not isinstance(said, bool) and abs(said - value) <= TOLERANCE * value
