"""Rules of a sale. They hold for every schedule and every fault, and read only how it ended: no clock, no luck.

Whoever plays a sale, in virtual time, with killed processes or with a hundred thousand buyers, ends it with an
:class:`Ending`, kept as ``state.known["sale"]``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "CALLS_PER_LATE_BUYER_MAX", "CALLS_PER_ORDER_MAX", "Cost", "Ending", "Load", "Pace", "an_order_costs_little", "captured_is_paid", "event_row", "each_paid_order_ships_once", "everybody_is_answered", "it_keeps_pace", "memory_is_bounded", "nobody_pays_twice",
    "nothing_is_held_for_ever", "nothing_is_oversold", "sold_out_costs_nothing", "the_line_is_bounded", "what_was_told_is_true",
]  # fmt: skip

Row = Mapping[str, Any]
SHOWN_MAX = 3
PLACED = "OrderPlaced"
"""The event of a paid order."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a sale ended: what the backends hold, and what the buyers were told."""

    stock: int
    waiting_max: int
    purchases: Sequence[Row] = ()
    """Rows of ``purchase``: id and status."""
    charges: Sequence[Row] = ()
    """Of the gateway: id, purchase_id, amount."""
    refunds: Sequence[Row] = ()
    """Of the gateway: charge_id, amount."""
    shipments: Sequence[Row] = ()
    """Rows of ``shipment``: purchase_id."""
    events: Sequence[Row] = ()
    """What the topic holds, each as :func:`event_row` reads it."""
    price: int = 0
    """Of one unit, in cents; 0 where nobody asks."""
    item: str = ""
    """What is sold; empty where nobody asks."""
    buyers: Mapping[str, str] = field(default_factory=dict)
    """By key: who asks."""
    told: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By key: every answer that its buyer was given, in order."""
    wishes: Mapping[str, str] = field(default_factory=dict)
    """By key: the correlation id of the request."""
    declines: frozenset[str] = frozenset()
    """Keys of buyers whose card is declined."""
    gone: frozenset[str] = frozenset()
    """Keys of buyers who asked, and left before they had an answer."""
    late: Sequence[str] = ()
    """Requests that were not answered in time, one sentence each."""
    early: Sequence[str] = ()
    """Keys of buyers who were told 'paid' before any purchase of theirs was."""
    refused: Sequence[str] = ()
    """Keys of buyers who came when a unit was free and all work was done, and were told 'sold out'."""
    waiting_most: int = 0
    """So many were on the waiting list at once, at most."""
    quiet: bool = True
    """Is all work done: has ``work`` said 0 with nothing left to wait for?"""
    trouble: str = ""
    """What the program raised last."""

    @cached_property
    def paid(self) -> frozenset[str]:
        """The purchases that are paid."""
        return self.with_status("paid")

    @cached_property
    def captured(self) -> frozenset[str]:
        """The purchases for which money was taken and not given back."""
        return frozenset(str(row["purchase_id"]) for row in self.charges if self.kept_of(row) > 0)

    def kept_of(self, charge: Row) -> int:
        """What of a charge was not given back, in cents."""
        return int(charge["amount"]) - self._given_back[str(charge["id"])]

    @cached_property
    def _given_back(self) -> Counter[str]:
        back: Counter[str] = Counter()
        for row in self.refunds:
            back[str(row["charge_id"])] += int(row["amount"])
        return back

    def with_status(self, *statuses: str) -> frozenset[str]:
        """The purchases that say so."""
        return frozenset(str(row["id"]) for row in self.purchases if row["status"] in statuses)


def event_row(value: str | bytes) -> Row:
    """What a message says of a purchase; empty where it is no event."""
    try:
        event = json.loads(value)
    except ValueError:
        event = None
    event = event if isinstance(event, dict) else {}
    payload = event.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    said = {name: payload.get(name) for name in ("buyer", "item", "quantity")}
    return {"purchase_id": event.get("purchase_id"), "kind": event.get("kind"), "correlation_id": payload.get("correlation_id", ""), **said}


def _ending(state: State) -> Ending:
    ending = state.known["sale"]
    assert isinstance(ending, Ending)
    return ending


def _listed(keys: Sequence[str] | frozenset[str]) -> str:
    keys = sorted(keys)
    more = f" and {len(keys) - SHOWN_MAX} more" if len(keys) > SHOWN_MAX else ""
    return ", ".join(keys[:SHOWN_MAX]) + more


def nothing_is_oversold(history: History, state: State) -> Violation | None:
    """No more units are sold than there are: at no moment are more purchases paid, or more buyers told so, than the stock."""
    ending = _ending(state)
    told = frozenset(key for key, answers in ending.told.items() if "paid" in answers)
    for keys, said in ((ending.paid, "paid"), (told, "told that they have one")):
        if len(keys) > ending.stock:
            return Violation(
                rule="nothing_is_oversold", evidence=f"{len(keys)} are {said}, and there were {ending.stock} units: {_listed(keys)}"
            )
    return None


def nobody_pays_twice(history: History, state: State) -> Violation | None:
    """Nobody pays twice: for each purchase at most one charge, at every moment, even if it is given back later."""
    counts = Counter(str(row["purchase_id"]) for row in _ending(state).charges)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        return Violation(rule="nobody_pays_twice", evidence=f"{twice[0]} was charged {counts[twice[0]]} times")
    return None


def captured_is_paid(history: History, state: State) -> Violation | None:
    """When all work is done, whoever's money was taken and not given back has a paid purchase, and nobody else has; what was taken is the price."""
    ending = _ending(state)
    if not ending.quiet:
        return None
    for keys, said in (
        (ending.captured - ending.paid, "the money was taken, and the purchase is not paid"),
        (ending.paid - ending.captured, "the purchase is paid, and no money was taken"),
    ):
        if keys:
            return Violation(rule="captured_is_paid", evidence=f"{_listed(keys)}: {said}")
    for charge in ending.charges if ending.price else ():
        if 0 < (kept := ending.kept_of(charge)) != ending.price:
            return Violation(rule="captured_is_paid", evidence=f"{charge['purchase_id']} paid {kept} cents, and the price is {ending.price}")
    return None


def what_was_told_is_true(history: History, state: State) -> Violation | None:
    """What a buyer is told is true and stays true: paid is paid; declined and sold out are not, and no money is kept for them."""
    ending = _ending(state)
    owned = ending.paid | (ending.captured if ending.quiet else frozenset())
    for key, answers in ending.told.items():
        finals = list(dict.fromkeys(one for one in answers if one in ("paid", "declined", "sold out")))
        if len(finals) > 1:
            return _untrue(f"{key} was told first {finals[0]!r} and later {finals[1]!r}")
        if key in ending.early:
            return _untrue(f"{key} was told 'paid' when it was not written anywhere yet")
        if "paid" in finals and key not in ending.paid:
            return _untrue(f"{key} was told 'paid', and no purchase of that name is")
        if finals and "paid" not in finals and key in owned:
            return _untrue(f"{key} was told {finals[0]!r}, and {'has paid' if key in ending.captured else 'has a paid purchase'}")
        if "declined" in finals and key not in ending.declines:
            return _untrue(f"{key} was told 'declined', and the card is good")
    return None


def _untrue(evidence: str) -> Violation:
    return Violation(rule="what_was_told_is_true", evidence=evidence)


def each_paid_order_ships_once(history: History, state: State) -> Violation | None:
    """When all work is done, each paid purchase has one shipment, of what was bought, and nothing else has any; its event says what was bought and by whom, and carries the correlation id of its request."""
    ending = _ending(state)
    shipped = Counter(str(row["purchase_id"]) for row in ending.shipments)
    rule = "each_paid_order_ships_once"
    if unpaid := frozenset(shipped) - ending.paid:
        return Violation(rule=rule, evidence=f"{_listed(unpaid)}: shipped, and not paid")
    if twice := [key for key, count in shipped.items() if count > 1]:
        return Violation(rule=rule, evidence=f"{twice[0]} was shipped {shipped[twice[0]]} times")
    if not ending.quiet:
        return None
    told_of = frozenset(str(event["purchase_id"]) for event in ending.events if event.get("kind", PLACED) == PLACED)
    if silent := ending.paid - told_of:
        return Violation(rule=rule, evidence=f"{_listed(silent)}: paid, and no event tells of it")
    if lost := ending.paid - frozenset(shipped):
        return Violation(rule=rule, evidence=f"{_listed(lost)}: paid, and never shipped")
    for event in ending.events:
        wanted = ending.wishes.get(str(event["purchase_id"]), event["correlation_id"])
        if event["correlation_id"] != wanted:
            said = event["correlation_id"] or "nothing"
            return Violation(rule=rule, evidence=f"the event of {event['purchase_id']} carries {said!r}, and its request came with {wanted!r}")
    if ending.item and (other := _another_thing(ending)):
        return Violation(rule=rule, evidence=other)
    return None


def _another_thing(ending: Ending) -> str:
    """Of an event or a shipment that speaks of something else than was bought, a sentence; empty where none does."""
    for event in ending.events:
        if event.get("kind") != PLACED:
            continue
        key = str(event["purchase_id"])
        wanted = {"buyer": ending.buyers.get(key, event["buyer"]), "item": ending.item, "quantity": 1}
        for name, is_so in wanted.items():
            if event[name] != is_so:
                return f"the event of {key} says {event[name]!r} for {name}, and {is_so!r} is right"
    for row in ending.shipments:
        if (row["item"], row["quantity"]) != (ending.item, 1):
            return f"{row['purchase_id']}: shipped {row['quantity']} {row['item']}, and 1 {ending.item} was bought"
    return ""


def nothing_is_held_for_ever(history: History, state: State) -> Violation | None:
    """When all work is done no purchase is held; no more wait than have a place; and units that are left mean that nobody waits, and that nobody was sent away who could have bought or waited."""
    ending = _ending(state)
    rule = "nothing_is_held_for_ever"
    if not ending.quiet:
        return Violation(rule=rule, evidence=f"work is never done{f': {ending.trouble}' if ending.trouble else ''}")
    if held := ending.with_status("held"):
        return Violation(rule=rule, evidence=f"{_listed(held)}: still held when all work is done")
    if ending.refused:
        return Violation(rule=rule, evidence=f"all work is done and a unit is left, and {ending.refused[0]} who comes then is told 'sold out'")
    if ending.waiting_most > ending.waiting_max:
        return Violation(rule=rule, evidence=f"{ending.waiting_most} wait at once, and the list has {ending.waiting_max} places")
    left = ending.stock - len(ending.paid)
    if left <= 0:
        return None
    waits = ending.with_status("waiting") | frozenset(key for key, said in ending.told.items() if said and said[-1] == "waiting")
    if waits := waits - ending.gone:
        return Violation(rule=rule, evidence=f"{_units(left)} left, and {_listed(waits)} still {'waits' if len(waits) == 1 else 'wait'}")
    sent_away = frozenset(key for key, said in ending.told.items() if "sold out" in said)
    had_a_chance = ending.paid | ending.with_status("declined", "expired") | ending.gone
    had_a_chance |= frozenset(key for key, said in ending.told.items() if "declined" in said)
    if sent_away and len(had_a_chance) < ending.stock + ending.waiting_max:
        return Violation(
            rule=rule,
            evidence=f"{_units(left)} left, and {_listed(sent_away)} {'was' if len(sent_away) == 1 else 'were'} told 'sold out'",
        )
    return None


def _units(count: int) -> str:
    return f"{count} unit{' is' if count == 1 else 's are'}"


def everybody_is_answered(history: History, state: State) -> Violation | None:
    """Every request is answered within the time that the terms state, and whoever keeps asking hears paid, declined or sold out in the end."""
    ending = _ending(state)
    if ending.late:
        return Violation(rule="everybody_is_answered", evidence=ending.late[0])
    for key in ending.wishes:
        answers = ending.told.get(key, ())
        if key not in ending.gone and not set(answers) & {"paid", "declined", "sold out"}:
            said = f"heard last {answers[-1]!r}" if answers else f"never heard anything{f' ({ending.trouble})' if ending.trouble else ''}"
            return Violation(rule="everybody_is_answered", evidence=f"{key} asked until the end and {said}")
    return None


# ---- what a buyer costs, and the room that a worker needs

WORKER_MB_MAX = 300


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a sale under load took."""

    worker_mb: Sequence[float]
    """Peak memory of each worker, in MB."""
    why: str = ""
    """Why it did not come to its end, in a sentence; empty where it did."""


def memory_is_bounded(history: History, state: State) -> Violation | None:
    """However many come, no worker needs more than 300 MB, and the sale comes to its end."""
    load = state.known["load"]
    assert isinstance(load, Load)
    rule = "memory_is_bounded"
    if load.why:
        return Violation(rule=rule, evidence=load.why)
    if max(load.worker_mb, default=0.0) > WORKER_MB_MAX:
        return Violation(rule=rule, evidence=f"a worker took {max(load.worker_mb):.0f} MB; {WORKER_MB_MAX} are allowed")
    return None


CALLS_PER_ORDER_MAX = 30
CALLS_PER_LATE_BUYER_MAX = 1.0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What buyers cost, counted in calls of the workers to Postgres, Redis, Kafka and the gateway."""

    calls_per_order: Sequence[int]
    """For each buyer whose first request was answered ``paid``."""
    orders: int
    """How many came who could be served."""
    late_calls: int
    late_buyers: int
    late_told: Sequence[str]
    """What those were told who came when all was sold."""
    kept: Sequence[str] = ()
    """Questions to the gateway that an open transaction waited for, one sentence each."""


def _cost(state: State) -> Cost:
    cost = state.known["cost"]
    assert isinstance(cost, Cost)
    return cost


def an_order_costs_little(history: History, state: State) -> Violation | None:
    """A buyer who is served alone is told paid at once, with at most 30 calls to backends; and no transaction keeps its locks while the gateway is asked."""
    cost, rule = _cost(state), "an_order_costs_little"
    if len(cost.calls_per_order) < cost.orders:
        return Violation(rule=rule, evidence=f"of {cost.orders} buyers who came one after the other {len(cost.calls_per_order)} were told 'paid'")
    if max(cost.calls_per_order) > CALLS_PER_ORDER_MAX:
        return Violation(rule=rule, evidence=f"one order took {max(cost.calls_per_order)} calls; {CALLS_PER_ORDER_MAX} are allowed")
    return Violation(rule=rule, evidence=cost.kept[0]) if cost.kept else None


def sold_out_costs_nothing(history: History, state: State) -> Violation | None:
    """When all is sold, a crowd that comes anew is told sold out, with at most one call to a backend for each of them on average."""
    cost, rule = _cost(state), "sold_out_costs_nothing"
    others = [said for said in cost.late_told if said != "sold out"]
    if others:
        return Violation(rule=rule, evidence=f"all is sold, and a buyer who comes anew is told {others[0]!r}")
    if cost.late_calls > CALLS_PER_LATE_BUYER_MAX * cost.late_buyers:
        return Violation(rule=rule, evidence=f"{cost.late_buyers} buyers who came when all was sold took {cost.late_calls} calls to backends")
    return None


def the_line_is_bounded(history: History, state: State) -> Violation | None:
    """While Postgres is silent and 1,500 buyers come to one worker, at most 1,000 of them wait there; the others are answered within a second."""
    waiting, allowed = state.known["in_line"], state.known["line_max"]
    if waiting > allowed:
        return Violation(rule="the_line_is_bounded", evidence=f"{waiting:,} buyers wait in one worker, and {allowed:,} may")
    return None


SLOWER_MAX = 4.0
"""Rates of one machine within a minute differ by less; whoever is slower than that has another reason."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How many buyers were answered in a second, by the reference and by the learner's program after it."""

    workers: int
    reference_per_s: float
    own_per_s: float

    @property
    def ratio(self) -> float:
        """The learner's by the reference's."""
        return self.own_per_s / self.reference_per_s if self.reference_per_s else 1.0

    @property
    def is_too_slow(self) -> bool:
        """Is it below a quarter?"""
        return self.ratio * SLOWER_MAX < 1.0


def it_keeps_pace(history: History, state: State) -> Violation | None:
    """With 1, 2 and 4 workers at least a quarter as many buyers are answered in a second as the reference answers, measured right before."""
    for pace in state.known["pace"]:
        if pace.is_too_slow:
            workers = "1 worker" if pace.workers == 1 else f"{pace.workers} workers"
            evidence = f"with {workers} {pace.own_per_s:.0f} buyers are answered in a second; the reference, right before, answered {pace.reference_per_s:.0f}"
            return Violation(rule="it_keeps_pace", evidence=evidence)
    return None
