"""The rules of shedding and of toggles. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "Look",
    "Wish",
    "a_switch_is_followed",
    "a_toggle_is_safe",
    "checkouts_come_first",
    "who_is_refused_hears_it_at_once",
]

SERVED_WITHIN_MS = 500
REFUSED_WITHIN_MS = 100
SERVED_MIN: Mapping[str, float] = {"checkout": 0.99, "page": 0.9}
CALM_SERVED_MIN = 0.95
USED_MIN = 0.8
FOLLOWED_WITHIN_S = 5.0
SAFE_AFTER_S = 10.0
LOOK_MS_MAX = 100


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One request of the rush, and what became of it."""

    kind: str
    told: object
    """``served``, ``busy``, or anything else."""
    waited_ms: float | None
    asked_ms: float = 0.0
    trouble: str = ""

    @property
    def heard_ms(self) -> float:
        """When it heard its answer; never, where it heard none."""
        return self.asked_ms + (inf if self.waited_ms is None else self.waited_ms)

    @property
    def served(self) -> bool:
        """Was it served while its visitor was still there?"""
        return self.told == "served" and self.waited_ms is not None and round(self.waited_ms, 3) <= SERVED_WITHIN_MS


def checkouts_come_first(history: History, state: State) -> Violation | None:
    """While three times as much comes as can be served, 99 of 100 checkouts and 90 of 100 pages are served within 500 ms:
    what is shed is what matters least.

    Criticality: Site Reliability Engineering, chapter 21; Zhou et al., Overload Control for WeChat, SoCC 2018.
    """
    rush: Sequence[Wish] = state.known["rush"]
    for kind, share in SERVED_MIN.items():
        asked = [wish for wish in rush if wish.kind == kind]
        lost = [wish for wish in asked if not wish.served]
        if len(asked) - len(lost) < share * len(asked):
            return _violation(
                checkouts_come_first,
                f"{len(lost)} of {len(asked)} {kind}s were not served within {SERVED_WITHIN_MS} ms: the first {_fate(lost[0])}",
            )
    return None


def who_is_refused_hears_it_at_once(history: History, state: State) -> Violation | None:
    """Who is refused hears it within 100 ms, and who is told served has been: the orders have done its work. Nobody is
    refused for nothing: at half of what can be served 95 of 100 are served, and in the rush at least 80 % of what can be.

    A shedder that sheds everything keeps every queue short.
    """
    calm, rush = state.known["calm"], state.known["rush"]
    for wish in (*calm, *rush):
        if wish.told not in ("served", "busy"):
            said = wish.trouble or repr(wish.told)
            return _violation(who_is_refused_hears_it_at_once, f"a {wish.kind} was told neither served nor busy, but {said}")
        if wish.told == "busy" and (wish.waited_ms or 0) > REFUSED_WITHIN_MS:
            return _violation(
                who_is_refused_hears_it_at_once, f"a {wish.kind} waited {wish.waited_ms:.0f} ms to be refused"
            )
    for kind, done_ms in state.known["done_ms"].items():
        told = sorted(wish.heard_ms for wish in (*calm, *rush) if wish.kind == kind and wish.told == "served")
        for number, heard_ms in enumerate(told):
            if number == len(done_ms) or done_ms[number] > heard_ms:
                done = sum(at_ms <= heard_ms for at_ms in done_ms)
                return _violation(
                    who_is_refused_hears_it_at_once,
                    f"a {kind} was told served before the orders had done its work: told so by then {number + 1}, done {done}",
                )
    lost = [wish for wish in calm if not wish.served]
    if len(calm) - len(lost) < CALM_SERVED_MIN * len(calm):
        kinds = " and ".join(sorted({f"{wish.kind}s" for wish in lost}))
        return _violation(
            who_is_refused_hears_it_at_once, f"half of what can be served came, and {len(lost)} of {len(calm)} were not: {kinds}"
        )
    served, can = sum(wish.served for wish in rush), state.known["can_serve"]
    if served < USED_MIN * can:
        return _violation(
            who_is_refused_hears_it_at_once, f"in the rush {served} requests were served in time, where {can} can be"
        )
    return None


def _fate(wish: Wish) -> str:
    if wish.waited_ms is None:
        return "was never answered"
    if wish.told == "served":
        return f"was served after {wish.waited_ms / 1000:.1f} s"
    return f"was told {wish.trouble or repr(wish.told)}"


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at one toggle."""

    toggle: str
    process: str
    at_ms: float
    said: object
    ms: float | None
    """How long the look took; None when it never came to an end."""
    trouble: str = ""
    expected: bool | None = None
    """What it must say; None where either is right."""
    because: str = ""
    """Why it must say so."""
    rule: str = ""
    """``switch`` or ``safe``: which of the two rules speaks of this look."""


def a_switch_is_followed(history: History, state: State) -> Violation | None:
    """Five seconds after a toggle was switched, every process follows it, without a restart; also after the store was away."""
    return _first_wrong(a_switch_is_followed, state, "switch")


def a_toggle_is_safe(history: History, state: State) -> Violation | None:
    """From ten seconds after the store fell silent, and where it holds no *on* and no *off*, a toggle has its declared safe
    value; and a look takes at most 100 ms and never raises.

    The safe value is chosen when the toggle is made: Hodgson, Feature Toggles, 2017.
    """
    for look in state.known["looks"]:
        if look.ms is None or look.ms > LOOK_MS_MAX:
            took = "never ended" if look.ms is None else f"took {look.ms:.0f} ms"
            return _violation(a_toggle_is_safe, f"a look of {look.process} at {look.toggle} {took}, {look.because}")
        if look.trouble:
            return _violation(
                a_toggle_is_safe, f"a look of {look.process} at {look.toggle} ended with {look.trouble}, {look.because}"
            )
    return _first_wrong(a_toggle_is_safe, state, "safe")


def _first_wrong(rule: object, state: State, kind: str) -> Violation | None:
    for look in state.known["looks"]:
        if look.rule == kind and look.expected is not None and look.said is not look.expected and not look.trouble:
            return _violation(
                rule,
                f"{look.process} says that {look.toggle} is {_word(look.said)}, {look.because}: it must be {_word(look.expected)}",
            )
    return None


def _word(value: object) -> str:
    return {True: "on", False: "off"}.get(value, repr(value)) if isinstance(value, bool) else repr(value)


def _violation(rule: object, evidence: str) -> Violation:
    return Violation(rule=rule.__name__, evidence=evidence)  # type: ignore[attr-defined]
