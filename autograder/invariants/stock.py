"""The rules of the locking lab. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from autograder.history import Call, History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "a_page_takes_two_statements",
    "each_price_fits_its_unit",
    "few_connections_serve_everybody",
    "few_rows_are_read",
    "never_more_than_there_is",
    "no_cart_meets_a_deadlock",
    "nobody_looks_twice",
    "nobody_waits_for_a_look",
    "the_answer_is_true",
    "the_page_is_right",
    "the_predictions_are_right",
    "what_can_be_sold_is_sold",
]

LOCK_NOT_AVAILABLE = "55P03"
WRITES = ("insert ", "update ", "delete ", "merge ")


def never_more_than_there_is(history: History, state: State) -> Violation | None:
    """Not one unit more is reserved than there is: what is reserved and what is free add up to what the shop had."""
    reserved: Counter[str] = Counter()
    for row in state.rows("reservation"):
        reserved[row["item"]] += row["quantity"]
    free = {row["item"]: row["free"] for row in state.rows("stock")}
    for item, had in state.known["had"].items():
        if reserved[item] > had:
            return _violation(1, f"the shop had {_units(had, item)} and has promised {reserved[item]}")
        if reserved[item] + free.get(item, 0) != had:
            return _violation(
                1,
                f"the shop had {_units(had, item)}; {reserved[item]} are reserved and {free.get(item, 0)} are said to be free",
            )
    return None


def the_answer_is_true(history: History, state: State) -> Violation | None:
    """Who is told yes has every line of the basket, and who is told no has none."""
    rows = {(row["id"], row["item"]): row for row in state.rows("reservation")}
    for wish in _wishes(state):
        name, answer = wish["reservation_id"], state.known["answers"].get(wish["reservation_id"])
        if answer is None:
            continue
        if not isinstance(answer, bool):
            return _violation(2, f"{wish['buyer']} was answered with {answer!r}, which is neither True nor False")
        kept = [item for item, quantity in wish["lines"] if rows.get((name, item), {}).get("quantity") == quantity]
        if answer and len(kept) < len(wish["lines"]):
            return _violation(2, f"{wish['buyer']} was told yes, and {_missing(wish, kept)} is not reserved")
        if not answer and any(row_id == name for row_id, _ in rows):
            return _violation(
                2, f"{wish['buyer']} was told no, and has {' and '.join(kept) or 'something'} reserved all the same"
            )
    return None


def what_can_be_sold_is_sold(history: History, state: State) -> Violation | None:
    """What can be sold is sold: nobody is told no while there is enough, and whoever gets an error is answered when asking again."""
    free = {row["item"]: row["free"] for row in state.rows("stock")}
    for wish in _wishes(state):
        answer = state.known["answers"].get(wish["reservation_id"])
        if answer is None:
            said = state.known.get("trouble") or "it did not say why"
            return _violation(3, f"{wish['buyer']} asks again and again and is never answered: {said}")
        if answer is False and all(free.get(item, 0) >= quantity for item, quantity in wish["lines"]):
            left = " and ".join(_units(free[item], item) for item, _ in wish["lines"])
            return _violation(3, f"{wish['buyer']} was told no, and in the end {left} could still be sold")
    return None


def each_price_fits_its_unit(history: History, state: State) -> Violation | None:
    """Each price is the one of the unit that the buyer got: what was free when it was taken decides, and nothing older."""
    for item in state.known["had"]:
        paid = sorted(row["price"] for row in state.rows("reservation") if row["item"] == item)
        asked = sorted(state.known["prices"][item][: len(paid)])
        if paid != asked:
            return _violation(
                4, f"the buyers of {_units(len(paid), item)} pay {_cents(paid)}, where the units cost {_cents(asked)}"
            )
    return None


def nobody_waits_for_a_look(history: History, state: State) -> Violation | None:
    """Nobody waits for somebody who has only looked: before its first write, a call holds no lock that stops another."""
    for call in history.calls:
        if LOCK_NOT_AVAILABLE in call.answer and (lookers := _only_looking(history, call)):
            return _violation(
                5, f"{call.process} is refused at its {call.point}: {lookers[0]} has the row, and has written nothing yet"
            )
        for holder in call.waits_for:
            if not any(_writes(other) and other.start < call.start for other in history.by(holder)):
                return _violation(
                    5,
                    f"{call.process} waits at its {call.point} for {holder}, which has written nothing yet",
                    call.process,
                )
    return None


def no_cart_meets_a_deadlock(history: History, state: State) -> Violation | None:
    """No two baskets ever wait for each other, in whatever order they were packed."""
    for call in history.calls:
        if call.waits_for and "40P01" in call.answer:
            return _violation(
                6,
                f"{call.process} waits for {call.waits_for[0]}, which waits for {call.process}:"
                f" Postgres ends the deadlock and fails {call.process}",
                call.process,
            )
    return None


def nobody_looks_twice(history: History, state: State) -> Violation | None:
    """Nobody does the work twice: each call looks at the stock once, and the price that it reckoned with is final."""
    looks = Counter(call.process for call in history.calls if call.label == "select stock")
    again = [process for process, count in sorted(looks.items()) if count > state.known["looks_max"]]
    if again:
        return _violation(7, f"{again[0]} looked at the stock {looks[again[0]]} times", again[0])
    return None


def a_page_takes_two_statements(history: History, state: State) -> Violation | None:
    """A page takes at most two statements, however many orders it shows."""
    calls = [call for call in history.by("page-1") if call.backend == "postgres"]
    if len(calls) > state.known["statements_max"]:
        shown = len(state.known["expected"])
        return _violation(8, f"a page of {shown} orders took {len(calls)} statements", "page-1")
    return None


def the_page_is_right(history: History, state: State) -> Violation | None:
    """The page shows the buyer's orders, all of them and no others, the newest first, each with its lines in order."""
    got, expected = state.known["page"], state.known["expected"]
    if state.known.get("trouble"):
        return _violation(9, f"the page of {state.known['buyer']} was not shown: {state.known['trouble']}")
    if not isinstance(got, list):
        return _violation(9, f"the page of {state.known['buyer']} is {_short(got)}, which is no list of orders")
    for number, order in enumerate(expected):
        if number >= len(got) or got[number] != order:
            shown = _short(got[number]) if number < len(got) else "nothing"
            return _violation(
                9, f"order {number + 1} on the page of {state.known['buyer']} is {shown}; it should be {_short(order)}"
            )
    if len(got) > len(expected):
        return _violation(
            9, f"the page of {state.known['buyer']} shows {_short(got[len(expected)])}, which is not one of her orders"
        )
    return None


def few_rows_are_read(history: History, state: State) -> Violation | None:
    """The page of open orders reads at most 100 rows of the table's 20,000, with one index more than before."""
    if why := state.known.get("refused"):
        return _violation(10, why)
    if state.known["rows_read"] > state.known["rows_max"]:
        return _violation(
            10,
            f"with your index Postgres still reads {state.known['rows_read']} rows ({state.known['path']}) for {state.known['shown']} orders",
        )
    return None


def few_connections_serve_everybody(history: History, state: State) -> Violation | None:
    """Two connections serve everybody: no more are ever open, each request is answered truly, and the work comes to an end."""
    if state.known["connections"] > state.known["connections_max"]:
        return _violation(11, f"more than {state.known['connections_max']} connections were open at the same time")
    if why := state.known.get("trouble"):
        return _violation(11, f"the requests were not all answered: {why}")
    for name, answer in state.known["expected"].items():
        got = state.known["answered"].get(name)
        if got != answer:
            return _violation(11, f"request {name} was answered with {_short(got)}, and the truth is {answer}")
    return None


def the_predictions_are_right(history: History, state: State) -> Violation | None:
    """The predictions are right: which anomaly each isolation level of this Postgres admits."""
    return None


RULES: Mapping[int, str] = {
    number: rule.__name__
    for number, rule in enumerate(
        (
            never_more_than_there_is,
            the_answer_is_true,
            what_can_be_sold_is_sold,
            each_price_fits_its_unit,
            nobody_waits_for_a_look,
            no_cart_meets_a_deadlock,
            nobody_looks_twice,
            a_page_takes_two_statements,
            the_page_is_right,
            few_rows_are_read,
            few_connections_serve_everybody,
            the_predictions_are_right,
        ),
        start=1,
    )
}


def _violation(number: int, evidence: str, process: str = "") -> Violation:
    return Violation(rule=RULES[number], evidence=evidence, process=process)


def _wishes(state: State) -> Iterator[Mapping[str, Any]]:
    yield from state.known["wishes"]


def _writes(call: Call) -> bool:
    """Does it insert something, or change how many are free? Counting a version up is a lock in disguise."""
    if call.label.lower().startswith("update"):
        return call.effect and "free" in call.request.lower().split("where")[0]
    return call.effect and call.label.lower().startswith(WRITES)


def _only_looking(history: History, call: Call) -> list[str]:
    """The other processes that have locked something by then, and written nothing."""
    before = [other for other in history.calls if other.process != call.process and other.start < call.start]
    lockers = {other.process for other in before if " for " in other.request.lower() and other.label.startswith("select")}
    return sorted(lockers - {other.process for other in before if _writes(other)})


def _missing(wish: Mapping[str, Any], kept: list[str]) -> str:
    return " and ".join(item for item, _ in wish["lines"] if item not in kept)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else f"{text[:99]}…"


def _units(count: int, item: str) -> str:
    return f"{count} {item}" if count == 1 else f"{count} {item}s"


def _cents(prices: list[int]) -> str:
    return " and ".join(f"{price // 100}.{price % 100:02d}" for price in prices) or "nothing"
