"""The rules of a page that goes on without its recommendations. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "Visit",
    "a_page_says_what_it_is",
    "every_page_is_there_in_time",
    "it_recovers_by_itself",
    "the_fallback_adds_little",
]

IN_TIME_MS = 300
LATE_MAX = 0.01
WHOLE_MIN = 0.98
CALLS_PER_PAGE_MAX = 1.1
OLD_S_MAX = 60
PRICE_OLD_S_MAX = 10
SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visitor's page."""

    buyer: str
    product: Mapping[str, Any]
    """What the catalog says of the product that was asked for."""
    page: Any
    """What came: a page, or anything else."""
    before: Mapping[str, Any] | None = None
    """What the catalog said of it so long before the visitor came that no page may show what was true earlier."""
    asked_ms: float = 0.0
    waited_ms: float | None = None
    """None when nothing came while the judge waited."""
    trouble: str = ""

    @property
    def next(self) -> Sequence[Any]:
        """What the page shows beside its product."""
        found = self.page.get("next") if isinstance(self.page, Mapping) else None
        return found if isinstance(found, list | tuple) else ()

    @property
    def degraded(self) -> Any:
        """What the page says of itself."""
        return self.page.get("degraded") if isinstance(self.page, Mapping) else None

    @property
    def is_whole(self) -> bool:
        """Does it show what was recommended to its buyer, and say so?"""
        return self.degraded is False and self.next == recommended_to(self.buyer)


def recommended_to(buyer: str) -> list[str]:
    """What the recommendations answer for this buyer.

    >>> recommended_to("Ada")
    ['Ada-pick-1', 'Ada-pick-2', 'Ada-pick-3']
    """
    return [f"{buyer}-pick-{number}" for number in range(1, SHOWN + 1)]


def every_page_is_there_in_time(history: History, state: State) -> Violation | None:
    """99 of 100 pages are there within 300 ms, with the product and its price, whatever becomes of the recommendations. A
    price is one that the catalog has said within the last 10 seconds.
    """
    visits: Sequence[Visit] = state.known["visits"]
    bad = [(visit, why) for visit in visits if (why := _missing(visit))]
    if len(bad) <= LATE_MAX * len(visits):
        return None
    visit, why = bad[0]
    others = f"; so it went for {len(bad)} of {len(visits)} pages" if len(bad) > 1 else ""
    return _violation(every_page_is_there_in_time, f"{visit.buyer}'s page {why}{others}")


def _missing(visit: Visit) -> str:
    if visit.waited_ms is None:
        return "never came"
    if visit.trouble:
        return f"was no page but {visit.trouble}"
    shown = visit.page.get("product") if isinstance(visit.page, Mapping) else None
    if isinstance(shown, Mapping) and shown.get("name") == visit.product.get("name") and shown not in (visit.product, visit.before):
        return f"showed {str(dict(shown))[:60]}, where the catalog had said {dict(visit.product)} for {PRICE_OLD_S_MAX} s and more"
    if shown is None or shown not in (visit.product, visit.before):
        return f"had no product on it: {str(visit.page)[:80]}"
    if round(visit.waited_ms, 3) > IN_TIME_MS:
        return f"came after {_seconds(visit.waited_ms)}"
    return ""


def a_page_says_what_it_is(history: History, state: State) -> Violation | None:
    """A page shows three things to look at next: what was recommended to its buyer, or, marked as degraded, bestsellers
    that are at most 60 seconds old; and nobody ever sees what was recommended to somebody else.
    """
    for visit in state.known["visits"]:
        if isinstance(visit.page, Mapping) and (wrong := _untrue(visit, state)):
            return _violation(a_page_says_what_it_is, f"{visit.buyer}'s page {wrong}")
    return None


def _untrue(visit: Visit, state: State) -> str:
    shown, mine = list(visit.next), recommended_to(visit.buyer)
    if not isinstance(visit.degraded, bool):
        return f"does not say whether it is degraded: it says {visit.degraded!r}"
    if any(isinstance(one, str) and "-pick-" in one and one not in mine for one in shown):
        return f"shows {_named(shown)}, which was recommended to somebody else"
    if shown == mine and state.known["recommended_ms"].get(visit.buyer, inf) > visit.asked_ms + (visit.waited_ms or 0):
        return f"shows {_named(shown)}, although the recommendations had not answered for this buyer"
    if shown == mine:
        return ""
    if not visit.degraded:
        return f"shows {_named(shown)} and is not marked as degraded"
    age_s = _age_s(shown, visit, state)
    if age_s is None:
        return f"is marked as degraded and shows {_named(shown)}; three bestsellers belong there"
    if age_s > OLD_S_MAX:
        return f"shows bestsellers that were true {age_s:.0f} s ago"
    return ""


def _age_s(shown: Sequence[Any], visit: Visit, state: State) -> float | None:
    """How many seconds ago these were the bestsellers; None when they never were."""
    answered_ms = visit.asked_ms + (visit.waited_ms or 0)
    for until_ms, bestsellers in reversed(state.known["bestsellers"]):
        if shown == bestsellers:
            return max(0.0, answered_ms - until_ms) / 1000
    return None


def it_recovers_by_itself(history: History, state: State) -> Violation | None:
    """98 of 100 pages are whole while the recommendations work: on a good day, and again from 10 seconds after they are back.

    A page that is always degraded breaks no other rule.
    """
    for when, visits in state.known["must_be_whole"].items():
        partial = [visit for visit in visits if not visit.is_whole]
        if len(visits) - len(partial) < WHOLE_MIN * len(visits):
            how_many = f"all of {len(visits)}" if len(partial) == len(visits) else f"{len(partial)} of {len(visits)}"
            which = "the page was" if len(visits) == 1 else f"{how_many} pages were"
            first = f", {partial[0].buyer}'s first" if len(visits) > 1 else ""
            return _violation(it_recovers_by_itself, f"{when}, and {which} not whole{first}")
    return None


def the_fallback_adds_little(history: History, state: State) -> Violation | None:
    """While the recommendations are down, the catalog gets at most 1.1 calls for each page: on a good day it gets 1.

    Gabrielson, Avoiding fallback in distributed systems, Amazon Builders' Library.
    """
    pages, calls = state.known.get("failing", (0, 0))
    if calls <= CALLS_PER_PAGE_MAX * pages:
        return None
    share = f"{calls / pages:.1f} for each" if pages else "for none"
    return _violation(
        the_fallback_adds_little,
        f"{pages} pages were asked for while the recommendations were down, and the catalog got {calls} calls, {share}",
    )


def _named(shown: Sequence[Any]) -> str:
    return ", ".join(map(str, shown[:SHOWN])) or "nothing"


def _seconds(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def _violation(rule: object, evidence: str) -> Violation:
    return Violation(rule=rule.__name__, evidence=evidence)  # type: ignore[attr-defined]
