"""The rules of lab 2 about what a buyer's session sees where Postgres has a follower (session guarantees).

A scenario's ``known`` says which *looks* there were, in order: who looked at which payment, what was shown, the status that
this session had set before (``own``) and the one that it had seen before (``seen``), what the primary held (``holds``),
whether the replica could serve the look and whether it had everything (``served``, ``fresh``), and whether the primary was
asked (``asked``).

Source: D. B. Terry et al., Session Guarantees for Weakly Consistent Replicated Data (PDIS 1994).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = ["ORDER", "SHARE_MAX", "a_buyer_sees_his_own_write", "a_second_look_is_never_older", "the_replica_does_its_share"]

ORDER = ("started", "charged", "declined")
"""What a payment becomes in these stories: it is charged, and then the bank takes that back."""
SHARE_MAX = 0.2
"""Of the looks that the replica can serve, so many may ask the primary."""
Look = Mapping[str, Any]


def a_buyer_sees_his_own_write(history: History, state: State) -> Violation | None:
    """Whoever has written sees it, or what came after it, at every look from then on."""
    for look in state.known.get("looks", ()):
        if look["own"] and _older(look["shown"], look["own"]):
            said = f"{look['who']} had marked {look['key']} {look['own']}, and was then shown {look['shown']}"
            return Violation(rule=a_buyer_sees_his_own_write.__name__, evidence=said)
    return None


def a_second_look_is_never_older(history: History, state: State) -> Violation | None:
    """A second look is never older than the first."""
    for look in state.known.get("looks", ()):
        if look["seen"] and _older(look["shown"], look["seen"]):
            said = f"{look['who']} was shown that {look['key']} is {look['seen']}, and at a later look that it is {look['shown']}"
            return Violation(rule=a_second_look_is_never_older.__name__, evidence=said)
    return None


def the_replica_does_its_share(history: History, state: State) -> Violation | None:
    """Every look is answered; one that finds the replica up to date shows what the primary holds; and of the looks that the
    replica can serve at most one in five asks the primary."""
    if trouble := state.known.get("unanswered"):
        return _broken(trouble)
    looks = state.known.get("looks", ())
    for look in looks:
        if look["shown"] not in ORDER or _older(look["holds"], look["shown"]):
            return _broken(f"{look['who']} was shown that {look['key']} is {look['shown']!r}, and it is {look['holds']}")
        if look["fresh"] and look["shown"] != look["holds"]:
            return _broken(f"the replica had caught up: {look['key']} is {look['holds']}, and {look['who']} was shown {look['shown']}")
    served = [look for look in looks if look["served"]]
    asked = sum(look["asked"] for look in served)
    if asked > SHARE_MAX * len(served):
        return _broken(f"of {len(served)} looks that the replica could serve, {asked} asked the primary")
    return None


def _older(one: str, other: str) -> bool:
    return one in ORDER and other in ORDER and ORDER.index(one) < ORDER.index(other)


def _broken(said: str) -> Violation:
    return Violation(rule=the_replica_does_its_share.__name__, evidence=said)
