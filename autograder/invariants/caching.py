"""The rules of the caching lab. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "Look",
    "Question",
    "Request",
    "a_missing_product_is_remembered",
    "a_value_ends_by_itself",
    "each_look_is_answered",
    "expiry_is_spread",
    "most_buyers_are_served",
    "no_stale_look",
    "one_question_at_a_time",
    "the_cache_serves",
    "the_database_survives",
]

FRESH_WITHIN_S = 1
TTL_MAX_S = 66
TTL_MIN_S = 54
SPREAD_SHARE_MAX = 0.25
NEGATIVE_MAX_S = 10
NEGATIVE_MIN_S = 2
WAIT_MAX_MS = 500
DATABASE_MAX_PER_S = 40
CALM_MAX_PER_S = 5
SERVED_SHARE_MIN = 0.5
BACK_WITHIN_S = 3
A_MOMENT_S = 0.001
"""What rounding may add to a time."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at a product by a process that comes later."""

    moment: str
    shown: Any
    """What it was shown; a mapping with its price, or None."""
    stored: Mapping[str, Any] | None
    """The row that Postgres holds then; None where there is none."""
    error: str = ""
    statements: int = 0
    """How many statements of Postgres the look took."""
    warm: bool = False
    """Has the same look been made before, and nothing changed since?"""
    expired: bool = False
    """Have all TTLs run out since the cache was filled?"""


# ---- real Redis, real Postgres


def no_stale_look(history: History, state: State) -> Violation | None:
    """Whoever looks later than 1 s after an update was acknowledged is shown what it wrote."""
    for look in _looks(state):
        if not look.error and not look.expired and not _same(look.shown, look.stored):
            return _violation(
                no_stale_look, f"{look.moment} the shop shows {_said(look.shown)}, and the table holds {_said(look.stored)}"
            )
    return None


def the_cache_serves(history: History, state: State) -> Violation | None:
    """What was looked at less than 40 s ago comes from the cache, without a statement of Postgres; so does, a moment later, that there is no such product."""
    for look in _looks(state):
        if look.warm and look.statements:
            what = "a product" if look.stored else "a product that does not exist"
            times = "once" if look.statements == 1 else f"{look.statements} times"
            return _violation(the_cache_serves, f"{look.moment} another look at {what} asks Postgres {times}")
    return None


def a_value_ends_by_itself(history: History, state: State) -> Violation | None:
    """What is cached ends by itself: 66 s after it was filled the table is asked again, whoever changed it."""
    for look in _looks(state):
        if look.expired and not look.error and not _same(look.shown, look.stored):
            return _violation(
                a_value_ends_by_itself,
                f"{look.moment} the shop still shows {_said(look.shown)}, and the table holds {_said(look.stored)}",
            )
    return None


def each_look_is_answered(history: History, state: State) -> Violation | None:
    """Every look is answered, with what the table holds or held, and every update is done; whoever gets an error asks again."""
    if state.known.get("undone"):
        return _violation(each_look_is_answered, str(state.known["undone"]))
    ever = [*state.known.get("ever", ())]
    for answer in state.known.get("answers", ()):
        if not any(_same(answer, one) for one in ever):
            return _violation(each_look_is_answered, f"a look is answered with {_said(answer)}, which was never in the table")
    for look in _looks(state):
        if look.error:
            return _violation(each_look_is_answered, f"{look.moment} a look gets no answer: {look.error}")
    return None


def _looks(state: State) -> Sequence[Look]:
    return state.known.get("looks", ())


def _same(shown: Any, stored: Mapping[str, Any] | None) -> bool:
    if not isinstance(shown, Mapping) or stored is None:
        return shown is None and stored is None
    return all(shown.get(field) == stored[field] for field in ("id", "name", "price"))


def _said(shown: Any) -> str:
    if shown is None:
        return "no such product"
    if not isinstance(shown, Mapping) or not isinstance(shown.get("price"), int):
        return repr(shown)[:60]
    return f"the {shown.get('name', 'product')} at {shown['price'] / 100:.2f} euros"


# ---- virtual time


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question that the database was asked."""

    instance: str
    product: str
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class Request:
    """One buyer's look at a page."""

    product: str
    at_s: float
    ms: float
    """How long the buyer waited."""
    told: str
    """``product``, ``nothing``, ``later`` (try again later) or ``broken``."""
    price: int | None = None
    error: str = ""


def expiry_is_spread(history: History, state: State) -> Violation | None:
    """What was filled in the same second is asked for again between 54 and 66 s later, and never more than a quarter of it within one second."""
    questions: Sequence[Question] = state.known["questions"]
    filled: dict[str, float] = {}
    again: dict[str, float] = {}
    for question in questions:
        if question.product not in filled:
            filled[question.product] = question.end_s
        elif question.product not in again:
            again[question.product] = question.start_s - filled[question.product]
    never = {request.product for request in state.known.get("requests", ())} - set(filled)
    if never:
        return _violation(expiry_is_spread, f"buyers look at {len(never)} products that the database is never asked for")
    early = [age for age in again.values() if age < TTL_MIN_S]
    if early:
        return _violation(expiry_is_spread, f"a product is asked for again {min(early):.1f} s after it was filled")
    late = [product for product in filled if again.get(product, 1e9) > TTL_MAX_S + 1.5]
    if late:
        return _violation(
            expiry_is_spread, f"{len(late)} of {len(filled)} products are not asked for again within {TTL_MAX_S} s"
        )
    worst = max((_within_a_second(again.values(), age) for age in again.values()), default=0)
    if worst > SPREAD_SHARE_MAX * len(filled):
        return _violation(
            expiry_is_spread, f"{worst} of {len(filled)} products, filled together, expire within the same second"
        )
    return None


def _within_a_second(ages: Any, first: float) -> int:
    return sum(first <= age < first + 1 for age in ages)


def one_question_at_a_time(history: History, state: State) -> Violation | None:
    """However many look at the same product, each instance asks the database for it once at a time, and everybody is answered within 500 ms, with what the database holds."""
    questions: Sequence[Question] = state.known["questions"]
    most, when = 0, 0.0
    for one in questions:
        same = [two for two in questions if (two.instance, two.product) == (one.instance, one.product)]
        under_way = sum(two.start_s <= one.start_s < two.end_s for two in same)
        if under_way > most:
            most, when = under_way, one.start_s
    if most > 1:
        return _violation(
            one_question_at_a_time, f"{most} questions for the same product are under way at once, {when:.1f} s after the start"
        )
    return _unanswered(one_question_at_a_time, state)


def a_missing_product_is_remembered(history: History, state: State) -> Violation | None:
    """That a product does not exist is remembered for at least 2 s and at most 10 s."""
    looked: Counter[str] = Counter()
    last: dict[str, float] = {}
    for question in state.known["questions"]:
        since = question.start_s - last.get(question.product, -1e9)
        if since < NEGATIVE_MIN_S:
            return _violation(
                a_missing_product_is_remembered,
                f"the database is asked for {question.product}, which does not exist, again after {since:.2f} s",
            )
        last[question.product] = question.end_s
        looked[question.product] += 1
    born: Mapping[str, float] = state.known.get("born", {})
    for request in state.known["requests"]:
        if request.product in born and request.at_s > born[request.product] + NEGATIVE_MAX_S and request.told == "nothing":
            age = request.at_s - born[request.product]
            return _violation(
                a_missing_product_is_remembered, f"{request.product} has been there for {age:.1f} s, and the page says it does not exist"
            )
    return _unanswered(a_missing_product_is_remembered, state)


def the_database_survives(history: History, state: State) -> Violation | None:
    """While the cache is dead, silent or empty, the database is asked at most 40 times in any second, and at most 5 times while it is well."""
    starts = sorted(question.start_s for question in state.known["questions"])
    worst, at_s = 0, 0.0
    first = 0
    for number, start in enumerate(starts):
        while starts[first] <= start - 1:
            first += 1
        if number - first + 1 > worst:
            worst, at_s = number - first + 1, start
    if worst > DATABASE_MAX_PER_S:
        return _violation(
            the_database_survives, f"{worst} questions reach the database within one second, {at_s:.0f} s after the start"
        )
    for first_s in (state.known["away_s"] - 1, state.known["back_s"] + BACK_WITHIN_S):
        calm = sum(first_s <= start < first_s + 1 for start in starts)
        if calm > CALM_MAX_PER_S:
            return _violation(
                the_database_survives, f"the cache is well, and {calm} questions reach the database within one second"
            )
    return None


def most_buyers_are_served(history: History, state: State) -> Violation | None:
    """Everybody is answered within 500 ms, with the product or with "later"; at least half get the product while the cache is away, all of them from 3 s after it is back, and no price is older than 1 s."""
    requests: Sequence[Request] = state.known["requests"]
    for request in requests:
        if request.told == "broken":
            return _violation(most_buyers_are_served, f"a buyer gets an error after {request.at_s:.1f} s: {request.error}")
    slow = [request for request in requests if request.ms > WAIT_MAX_MS]
    if slow:
        return _violation(most_buyers_are_served, f"a buyer waits {max(one.ms for one in slow):.0f} ms")
    changed_s, new_price = state.known["changed_s"], state.known["new_price"]
    if any(one.told == "product" and one.price == new_price and one.at_s + one.ms / 1000 < changed_s for one in requests):
        return _violation(most_buyers_are_served, "a buyer is shown the new price before the prices changed")
    nobodys = [one for one in requests if one.told == "product" and one.price not in (state.known["old_price"], new_price)]
    if nobodys:
        return _violation(most_buyers_are_served, f"a buyer is shown the price {nobodys[0].price!r:.20}, which the table never held")
    old = [one for one in requests if one.told == "product" and one.at_s > changed_s + FRESH_WITHIN_S and one.price != new_price]
    if old:
        age = old[0].at_s - changed_s
        return _violation(most_buyers_are_served, f"{age:.2f} s after the prices changed a buyer is shown an old one")
    away_s, back_s = state.known["away_s"], state.known["back_s"]
    during = [one for one in requests if away_s <= one.at_s < back_s]
    served = sum(one.told == "product" for one in during)
    if served < SERVED_SHARE_MIN * len(during):
        return _violation(
            most_buyers_are_served, f"while the cache is away {served} of {len(during)} buyers get the product"
        )
    after = [one for one in requests if one.at_s < away_s or one.at_s >= back_s + BACK_WITHIN_S]
    turned_away = [one for one in after if one.told != "product"]
    if turned_away:
        return _violation(
            most_buyers_are_served, f"{len(turned_away)} of {len(after)} buyers are turned away although the cache is well"
        )
    return None


def _unanswered(rule: Any, state: State) -> Violation | None:
    for request in state.known["requests"]:
        if request.told == "broken":
            return _violation(rule, f"a buyer gets an error {request.at_s:.1f} s after the start: {request.error}")
        if request.ms > WAIT_MAX_MS:
            return _violation(rule, f"a buyer waits {request.ms:.0f} ms for {request.product}")
        if request.told == "later":
            return _violation(rule, f"a buyer is turned away {request.at_s:.1f} s after the start, and the database is well")
    return _made_up(rule, state)


def _made_up(rule: Any, state: State) -> Violation | None:
    """What a buyer is told, and nobody can know: the database has not said so."""
    said: dict[str, float] = {}
    for question in state.known["questions"]:
        said[question.product] = min(question.end_s, said.get(question.product, question.end_s))
    stock: Mapping[str, int] = state.known.get("stock", {})
    for request in state.known["requests"]:
        answered_s = request.at_s + request.ms / 1000
        if said.get(request.product, 1e9) > answered_s + A_MOMENT_S:
            return _violation(rule, f"a buyer is told about {request.product}, and the database has never been asked for it")
        held = stock.get(request.product)
        if request.told == "product" and held is not None and request.price != held:
            return _violation(rule, f"a buyer is shown {request.product} at {request.price!r}, and the database holds {held}")
        if request.told == "nothing" and held is not None and request.product not in state.known.get("born", {}):
            return _violation(rule, f"a buyer is told that there is no {request.product}, and the database has it")
    return None


def _violation(rule: Any, evidence: str, process: str = "") -> Violation:
    return Violation(rule=rule.__name__, evidence=evidence, process=process)
