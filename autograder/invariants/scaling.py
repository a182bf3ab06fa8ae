"""The rules of the scaling lab. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "Asked",
    "any_instance_serves",
    "nothing_acknowledged_is_lost",
    "repeats_count_once",
    "the_bottleneck_is_named",
    "the_slowest_hundredth",
]

FACTOR_MAX = 3.0
"""How many times longer than with the reference the slowest hundredth may take."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request to put something into a cart, and what its buyer heard."""

    request_id: str
    buyer: str
    item: str
    quantity: int
    answered_by: str = ""
    """The instance that acknowledged it; nothing where none did."""
    said: Any = None
    """The cart that it answered with."""
    trouble: str = ""
    """What came instead of an answer, the last time."""


def nothing_acknowledged_is_lost(history: History, state: State) -> Violation | None:
    """What was acknowledged is in the cart, whichever instance is asked."""
    for buyer, instance, cart in _shown(state):
        sure = _sum(one for one in state.known["asked"] if one.buyer == buyer and one.answered_by)
        for item, quantity in sorted(sure.items()):
            if _count(cart, item) < quantity:
                return _violation(1, f"{_said(state, buyer, item)}, and {instance} shows {_cart(cart)}", instance)
    return None


def repeats_count_once(history: History, state: State) -> Violation | None:
    """A request that is repeated counts once, and nothing is in a cart that its buyer did not ask for."""
    for buyer, instance, cart in _shown(state):
        most = _sum(one for one in state.known["asked"] if one.buyer == buyer)
        for item in sorted(map(str, cart)):
            if _count(cart, item) > most[item]:
                asked = f"{buyer} asked for {most[item]} {item}" if most[item] else f"{buyer} never asked for a {item}"
                return _violation(2, f"{asked}, and {instance} shows {_cart(cart)}", instance)
    return None


def any_instance_serves(history: History, state: State) -> Violation | None:
    """Any instance serves any buyer, and whoever asks again is answered with the cart in the end."""
    if state.known.get("stuck"):
        return _violation(3, str(state.known["stuck"]))
    for one in state.known.get("asked", ()):
        what = f"{one.buyer}'s {one.item} ({one.request_id})"
        if not one.answered_by:
            return _violation(3, f"{what} is asked for again and again and never acknowledged: {one.trouble}")
        if not isinstance(one.said, Mapping) or _count(one.said, one.item) < one.quantity:
            return _violation(3, f"{what} was answered by {one.answered_by} with {one.said!r}, which is no cart with it")
    for (buyer, instance), shown in state.known.get("shown", {}).items():
        if not isinstance(shown, Mapping):
            return _violation(3, f"{instance} does not show {buyer}'s cart: {shown}", instance)
    return None


def the_bottleneck_is_named(history: History, state: State) -> Violation | None:
    """The resource to scale first is the one whose doubling gives most, and the promised throughput is within 10 % of what it gives."""
    return None  # an answer sheet is marked by what the simulation says, and not by a state of the shop


def the_slowest_hundredth(history: History, state: State) -> Violation | None:
    """On every fleet, 99 of 100 requests are answered within three times what the reference needs for them."""
    if state.known.get("stuck"):
        return _violation(5, str(state.known["stuck"]))
    if state.known.get("refused"):
        return _violation(5, state.known["refused"])
    mine, reference = state.known["p99_ms"], state.known["reference_p99_ms"]
    if mine <= FACTOR_MAX * reference:
        return None
    return _violation(
        5, f"99 of 100 requests are answered within {mine:.0f} ms, with the reference within {reference:.0f} ms{_shares(state)}"
    )


RULES = {
    number: rule.__name__
    for number, rule in enumerate(
        (
            nothing_acknowledged_is_lost,
            repeats_count_once,
            any_instance_serves,
            the_bottleneck_is_named,
            the_slowest_hundredth,
        ),
        start=1,
    )
}
"""Names of the rules by their number in the lab; the last one belongs to the stretch task."""


def _violation(number: int, evidence: str, process: str = "") -> Violation:
    return Violation(rule=RULES[number], evidence=evidence, process=process)


def _shown(state: State) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    """The carts that the instances show, where they show one at all."""
    for (buyer, instance), shown in state.known.get("shown", {}).items():
        if isinstance(shown, Mapping):
            yield buyer, instance, shown


def _sum(asked: Iterable[Asked]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in asked:
        total[one.item] += one.quantity
    return total


def _count(cart: Mapping[str, Any], item: str) -> float:
    quantity = cart.get(item, 0)
    return quantity if isinstance(quantity, int | float) and not isinstance(quantity, bool) else 0


def _said(state: State, buyer: str, item: str) -> str:
    sure = [one for one in state.known["asked"] if (one.buyer, one.item) == (buyer, item) and one.answered_by]
    instances = list(dict.fromkeys(one.answered_by for one in sure))
    refused = [name for name in instances if (name, buyer) in state.known.get("last_refused", ())]
    behind = f" (whose last write the store had refused: {', '.join(refused)})" if refused else ""
    quantity = sum(one.quantity for one in sure)
    were = "was" if quantity == 1 else "were"
    return f"{quantity} {item} for {buyer} {were} acknowledged by {' and '.join(instances)}{behind}"


def _cart(cart: Mapping[str, Any]) -> str:
    return ", ".join(f"{quantity} {item}" for item, quantity in cart.items())[:90] or "an empty cart"


def _shares(state: State) -> str:
    given, work = state.known["given"], state.known["work_ms"]
    if max(given) - min(given) <= 1:
        return " (every instance got the same number of requests)"
    if max(given) < 1.4 * min(given):
        return " (every instance got about the same share)"
    slowest = max(range(len(work)), key=work.__getitem__)
    share, due = given[slowest] / sum(given), (1 / work[slowest]) / fsum(1 / one for one in work)
    return f" (the slowest instance got {share:.0%} of them and can do {due:.0%} of the fleet's work)"
