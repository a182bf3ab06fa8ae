"""The rules of the review: twelve predictions, and a checkout that joins the parts. Each docstring is what the learner reads."""

from __future__ import annotations

from collections import Counter
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "everybody_is_answered_truly",
    "money_and_order_go_together",
    "nothing_leaves_unpaid",
    "the_predictions_are_what_running_shows",
    "the_shelf_adds_up",
]


def the_predictions_are_what_running_shows(history: History, state: State) -> Violation | None:
    """The predictions are what the runs show: for each pipeline what can happen, and a step after which a kill makes it happen."""
    raise NotImplementedError("an answer sheet marks this rule itself")


def money_and_order_go_together(history: History, state: State) -> Violation | None:
    """Whoever has an order has paid for it, once and in full; in the end, whoever has paid has an order."""
    for purchase_id in sorted(_orders(state)):
        if _taken(state, purchase_id) != _price(state, purchase_id):
            return _violation(2, f"{purchase_id} is ordered {state.moment}, and {_paid(state, purchase_id)}")
    for purchase_id, times in sorted(_charges(state).items()):
        if times > 1 and _taken(state, purchase_id) > _price(state, purchase_id):
            return _violation(2, f"the gateway has charged {purchase_id} {times} times {state.moment}")
        if state.known.get("final") and _taken(state, purchase_id) and purchase_id not in _orders(state):
            return _violation(2, f"{_buyer(state, purchase_id)} has paid for {purchase_id}, and there is no such order {state.moment}")
    return None


def nothing_leaves_unpaid(history: History, state: State) -> Violation | None:
    """Nothing leaves the warehouse that is not paid for, and in the end every paid order has left it once."""
    shipped = Counter((row["purchase_id"], row["item"], row["quantity"]) for row in state.tables.get("shipment", ()))
    for (purchase_id, item, quantity), times in sorted(shipped.items()):
        if _taken(state, purchase_id) != _price(state, purchase_id):
            return _violation(3, f"{quantity} {item} left the warehouse for {purchase_id} {state.moment}, and nobody has paid")
        if times > 1:
            return _violation(3, f"{quantity} {item} left the warehouse for {purchase_id} {times} times")
    if state.known.get("delivered"):
        left = {purchase_id for purchase_id, _, _ in shipped}
        for purchase_id in sorted(set(_charges(state)) - left):
            if _taken(state, purchase_id):
                return _violation(3, f"{purchase_id} is paid, and nothing ever left the warehouse for it")
    return None


def the_shelf_adds_up(history: History, state: State) -> Violation | None:
    """In the end the shelf holds what was there, less what is ordered."""
    if not state.known.get("final"):
        return None
    ordered: Counter[str] = Counter()
    for row in state.rows("purchase"):
        ordered[row["item"]] += row["quantity"]
    now = {row["item"]: row["free"] for row in state.rows("stock")}
    for item, free in sorted(state.known["shelf"].items()):
        if now.get(item) != free - ordered[item]:
            said = f"{item}: {free} were there, {ordered[item]} are ordered, and {now.get(item)} stand on the shelf {state.moment}"
            return _violation(4, said)
    return None


def everybody_is_answered_truly(history: History, state: State) -> Violation | None:
    """The work gets done: what can be sold and paid is ordered, nothing else is, and the answers say so, however often asked."""
    known, trouble = state.known, state.known.get("trouble") or "it did not say why"
    if known.get("finished") is False:
        return _violation(5, f"the recovery is never finished: {trouble}")
    for purchase_id, answers in known.get("answers", {}).items():
        for answer in answers:
            if answer is None:
                return _violation(5, f"{purchase_id} is never answered: {trouble}")
            if answer != known["wanted"][purchase_id]:
                return _violation(5, f"{purchase_id} is answered with {answer!r}; it must be {known['wanted'][purchase_id]!r}")
    for purchase_id, wanted in known.get("wanted", {}).items() if known.get("final") else ():
        if purchase_id in _orders(state) and wanted != "placed":
            return _violation(5, f"{purchase_id} is ordered {state.moment}, and should be {wanted}")
        if purchase_id not in _orders(state) and wanted == "placed" and known.get("asked"):
            return _violation(5, f"{purchase_id} is not ordered {state.moment}")
    return None


RULES = {
    number: rule.__name__
    for number, rule in enumerate(
        (
            the_predictions_are_what_running_shows,
            money_and_order_go_together,
            nothing_leaves_unpaid,
            the_shelf_adds_up,
            everybody_is_answered_truly,
        ),
        start=1,
    )
}
"""Names of the rules by their number in the lab."""


def _violation(number: int, evidence: str) -> Violation:
    return Violation(rule=RULES[number], evidence=evidence)


def _orders(state: State) -> dict[str, Any]:
    return {row["id"]: row for row in state.tables.get("purchase", ())}


def _charges(state: State) -> Counter[str]:
    """How often the gateway has charged each purchase."""
    return Counter(row["purchase_id"] for row in state.charges)


def _taken(state: State, purchase_id: str) -> int:
    """What the gateway has taken for a purchase and not given back, in cents."""
    mine = {row["id"]: row["amount"] for row in state.charges if row["purchase_id"] == purchase_id}
    return sum(mine.values()) - sum(row["amount"] for row in state.refunds if row["charge_id"] in mine)


def _price(state: State, purchase_id: str) -> int | None:
    return state.known.get("prices", {}).get(purchase_id)


def _buyer(state: State, purchase_id: str) -> str:
    return str(next((row["buyer"] for row in state.charges if row["purchase_id"] == purchase_id), "somebody"))


def _paid(state: State, purchase_id: str) -> str:
    times, taken = _charges(state)[purchase_id], _taken(state, purchase_id)
    if not times:
        return "nobody has paid"
    if not taken:
        return "the money was given back"
    return f"{taken} cents were taken in {times} charge{'s' if times > 1 else ''}, for a price of {_price(state, purchase_id)}"
