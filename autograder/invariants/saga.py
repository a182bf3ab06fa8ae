"""The rules of the saga lab. Each docstring is the sentence that the learner reads.

They look at what everybody can see: the shop's tables, the gateway's ledger, the parcels, the topic. How a program keeps its
log is its own affair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "Order",
    "done_or_undone",
    "each_effect_once",
    "nothing_undone_past_the_pivot",
    "the_predictions_are_right",
    "undone_in_reverse",
    "whoever_asks_is_served",
]

CONFIRMED, CANCELLED = "confirmed", "cancelled"
NOT_THERE = "not there"


def done_or_undone(history: History, state: State) -> Violation | None:
    """Every order ends done (paid, packed, announced, confirmed) or undone (money back, item back, cancelled), and not in between."""
    recovered = state.known.get("recovered", False)
    if not recovered and not state.known.get("ended"):
        return None
    for order in _orders(state):
        if recovered and order.status == NOT_THERE:
            continue
        if order.status not in (CONFIRMED, CANCELLED):
            return _violation(1, f"{order.id} is {order.status!r} {state.moment}: {order.standing}")
        missing = order.missing_when_done if order.status == CONFIRMED else order.missing_when_undone
        if missing:
            return _violation(1, f"{order.id} is {order.status} {state.moment}, and {missing}")
    return None


def each_effect_once(history: History, state: State) -> Violation | None:
    """Whatever crashes, every effect happens once: one charge, one parcel, and no more given back than was taken."""
    orders = {order.id: order for order in _orders(state)}
    for what, rows in (("charged for", state.charges), ("packed for", state.parcels)):
        for row in rows:
            if row["purchase_id"] not in orders:
                return _violation(2, f"something was {what} {row['purchase_id']!r}, which nobody has ordered")
    for order in orders.values():
        if order.charges > 1:
            return _violation(2, f"{order.buyer} was charged {order.charges} times for {order.id}, {_euros(order.paid)} in all")
        if order.charges and order.paid != order.amount:
            return _violation(2, f"{order.buyer} was charged {_euros(order.paid)} for {order.id}, which costs {_euros(order.amount)}")
        if order.parcels > 1:
            return _violation(2, f"{order.parcels} parcels were packed for {order.id}")
        if order.charges and order.charged_to != order.buyer:
            return _violation(2, f"{order.charged_to} was charged for {order.id}, which {order.buyer} has ordered")
        if order.parcels and order.packed != (order.quantity, order.item):
            inside, wanted = _units(*order.packed), _units(order.quantity, order.item)
            return _violation(2, f"{inside} left in the parcel of {order.id}, which is an order of {wanted}")
        if order.off_the_shelf > order.quantity:
            return _violation(2, f"{order.id} is {_units(order.quantity, order.item)}, and {order.off_the_shelf} are off the shelf")
        if order.off_the_shelf < 0:
            free, had = order.free, order.free + order.off_the_shelf
            return _violation(2, f"{_units(free, order.item)} are on the shelf, and the shop had {had}: one was put back twice")
    return None


def undone_in_reverse(history: History, state: State) -> Violation | None:
    """What was done last is undone first: never does the shop hold a buyer's money with nothing set aside for the buyer."""
    for order in _orders(state):
        if order.paid > order.returned and order.off_the_shelf <= 0 and not order.parcels:
            money = f"the shop holds {_euros(order.paid - order.returned)} of {order.buyer}'s"
            return _violation(3, f"{money}, and no {order.item} is set aside for {order.id} {state.moment}")
    return None


def nothing_undone_past_the_pivot(history: History, state: State) -> Violation | None:
    """Before the parcel is packed nothing is announced; once it is packed nothing is undone."""
    for order in _orders(state):
        if order.announced and not order.parcels:
            return _violation(4, f"Kafka says that {order.id} is confirmed, and no parcel has been packed {state.moment}")
        if not order.parcels:
            continue
        if order.returned:
            return _violation(4, f"the parcel of {order.id} has left, and {_euros(order.returned)} went back to {order.buyer}")
        if order.off_the_shelf <= 0:
            return _violation(4, f"the parcel of {order.id} has left, and its {order.item} is on the shelf again")
        if order.status == CANCELLED:
            return _violation(4, f"the parcel of {order.id} has left, and the order is cancelled")
    return None


def whoever_asks_is_served(history: History, state: State) -> Violation | None:
    """Whoever asks is answered, with the truth, and an order that nobody refuses is confirmed."""
    trouble = state.known.get("trouble") or "it did not say why"
    for purchase_id in state.known.get("unanswered", ()):
        return _violation(5, f"{purchase_id} is asked for again and again and never answered: {trouble}")
    if state.known.get("unfinished"):
        return _violation(5, f"recover never comes to its end: {trouble}")
    for purchase_id, answer in state.known.get("answers", {}).items():
        order = next(order for order in _orders(state) if order.id == purchase_id)
        if answer != order.status:
            return _violation(5, f"{order.buyer} was told {answer!r}, and {order.id} is {order.status!r}")
    if state.known.get("nothing_in_the_way"):
        for order in _orders(state):
            if order.status != CONFIRMED:
                return _violation(5, f"nobody refused {order.id} and nothing was killed, and it is {order.status!r}, not confirmed")
    return None


def the_predictions_are_right(history: History, state: State) -> Violation | None:
    """The predictions are right: what somebody who looks from outside can see of a saga that is under way."""
    return None


RULES: Mapping[int, str] = {
    number: rule.__name__
    for number, rule in enumerate(
        (
            done_or_undone,
            each_effect_once,
            undone_in_reverse,
            nothing_undone_past_the_pivot,
            whoever_asks_is_served,
            the_predictions_are_right,
        ),
        start=1,
    )
}
"""Names of the rules by their number in the lab."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What can be seen of one order from outside."""

    id: str
    buyer: str
    item: str
    quantity: int
    amount: int
    """What it costs, in cents."""
    status: str
    free: int
    """Units of its item on the shelf."""
    off_the_shelf: int
    charges: int
    charged_to: str
    """Who was charged first; empty where nobody was."""
    paid: int
    returned: int
    """In cents."""
    parcels: int
    packed: tuple[int, str]
    """How many units of what the first parcel holds."""
    announced: bool

    @property
    def standing(self) -> str:
        """In a few words."""
        money = f"{_euros(self.paid - self.returned)} with the shop" if self.paid > self.returned else "no money with the shop"
        shelf = f"{_units(self.off_the_shelf, self.item)} off the shelf" if self.off_the_shelf > 0 else "nothing off the shelf"
        return f"{money}, {shelf}, {'a' if self.parcels else 'no'} parcel packed"

    @property
    def missing_when_done(self) -> str:
        """Why it cannot be called confirmed."""
        if not self.parcels:
            return "no parcel has been packed"
        if self.paid - self.returned != self.amount:
            return f"the shop holds {_euros(self.paid - self.returned)} of {_euros(self.amount)}"
        if self.off_the_shelf != self.quantity:
            return f"{_units(max(0, self.off_the_shelf), self.item)} is off the shelf, not {self.quantity}"
        return "" if self.announced else "no message tells of it"

    @property
    def missing_when_undone(self) -> str:
        """Why it cannot be called cancelled."""
        if self.parcels:
            return "its parcel has left"
        if self.paid != self.returned:
            return f"the shop still holds {_euros(self.paid - self.returned)} of {self.buyer}'s"
        return f"{_units(self.off_the_shelf, self.item)} is still off the shelf" if self.off_the_shelf else ""


def _orders(state: State) -> Iterator[Order]:
    rows = {row["id"]: row for row in state.rows("purchase")}
    free = {row["item"]: row["free"] for row in state.rows("stock")}
    announced = {_confirmed_by(message.value) for message in state.messages}
    for wanted in state.known["orders"]:
        charges = [row for row in state.charges if row["purchase_id"] == wanted["id"]]
        ids = {row["id"] for row in charges}
        parcels = [row for row in state.parcels if row["purchase_id"] == wanted["id"]]
        yield Order(
            id=wanted["id"],
            buyer=wanted["buyer"],
            item=wanted["item"],
            quantity=wanted["quantity"],
            amount=wanted["amount"],
            status=rows[wanted["id"]]["status"] if wanted["id"] in rows else NOT_THERE,
            free=free.get(wanted["item"], 0),
            off_the_shelf=state.known["had"][wanted["item"]] - free.get(wanted["item"], 0),
            charges=len(charges),
            charged_to=charges[0]["buyer"] if charges else "",
            paid=sum(row["amount"] for row in charges),
            returned=sum(row["amount"] for row in state.refunds if row["charge_id"] in ids),
            parcels=len(parcels),
            packed=(parcels[0]["quantity"], parcels[0]["item"]) if parcels else (0, wanted["item"]),
            announced=wanted["id"] in announced,
        )


def _confirmed_by(value: str) -> str:
    """The purchase that a message confirms; nothing where it confirms none."""
    try:
        event = json.loads(value)
        return str(event["purchase_id"]) if event["kind"] == "OrderConfirmed" else ""
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def _violation(number: int, evidence: str) -> Violation:
    return Violation(rule=RULES[number], evidence=evidence)


def _euros(cents: int) -> str:
    return f"{cents / 100:.2f} euros"


def _units(count: int, item: str) -> str:
    return f"{count} {item}{'' if count == 1 else 's'}"
