"""The rules of lab 4, each over, at and under its boundary."""

from __future__ import annotations

import json
from typing import Any

import pytest

from autograder.history import History
from autograder.invariants import Message, State
from autograder.invariants.saga import (
    done_or_undone, each_effect_once, nothing_undone_past_the_pivot, undone_in_reverse, whoever_asks_is_served,
)  # fmt: skip

QUIET = History(run="04.done.p1")
ORDER = {"id": "p-1", "buyer": "Ada", "item": "lamp", "quantity": 1, "amount": 4900}


def state(
    status: str = "pending", *, free: int = 2, charges: int = 0, refunds: int = 0, parcels: int = 0, told: bool = False,
    amount: int = 4900, charged_to: str = "Ada", packed: tuple[int, str] = (1, "lamp"), **known: Any,
) -> State:  # fmt: skip
    """One order of one lamp; the shop had three."""
    event = json.dumps({"purchase_id": "p-1", "kind": "OrderConfirmed"})
    return State(
        moment="in the end",
        tables={"purchase": ({**ORDER, "status": status},), "stock": ({"item": "lamp", "free": free},)},
        charges=tuple({"id": f"ch-{n}", "purchase_id": "p-1", "buyer": charged_to, "amount": amount} for n in range(charges)),
        refunds=tuple({"id": f"re-{n}", "charge_id": "ch-0", "amount": 4900} for n in range(refunds)),
        parcels=tuple({"key": f"k{n}", "purchase_id": "p-1", "item": packed[1], "quantity": packed[0]} for n in range(parcels)),
        messages=(Message(topic="purchases", partition=0, offset=0, key="p-1", value=event),) if told else (),
        known={"orders": [ORDER], "had": {"lamp": 3}, **known},
    )


DONE = {"status": "confirmed", "free": 2, "charges": 1, "parcels": 1, "told": True}
UNDONE = {"status": "cancelled", "free": 3, "charges": 1, "refunds": 1}


@pytest.mark.parametrize("how", [DONE, UNDONE, {"status": "cancelled", "free": 3}])
def test_done_and_undone_are_both_an_end(how):
    assert done_or_undone(QUIET, state(**how, ended=True)) is None


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (DONE | {"status": "pending"}, "p-1 is 'pending'"),
        (DONE | {"parcels": 0}, "no parcel has been packed"),
        (DONE | {"told": False}, "no message tells of it"),
        (DONE | {"free": 3}, "0 lamps is off the shelf"),
        (DONE | {"charges": 0}, "the shop holds 0.00 euros of 49.00 euros"),
        (UNDONE | {"refunds": 0}, "the shop still holds 49.00 euros of Ada's"),
        (UNDONE | {"free": 2}, "1 lamp is still off the shelf"),
        (UNDONE | {"parcels": 1}, "its parcel has left"),
    ],
)
def test_whatever_is_in_between_is_no_end(how, says):
    found = done_or_undone(QUIET, state(**how, ended=True))
    assert found is not None and says in found.evidence
    assert done_or_undone(QUIET, state(**how)) is None  # the story is not over yet


def test_what_a_recovery_leaves_behind_has_ended_or_was_never_begun():
    never = State(
        moment="", tables={"purchase": (), "stock": ({"item": "lamp", "free": 3},)},
        known={"orders": [ORDER], "had": {"lamp": 3}, "recovered": True},
    )  # fmt: skip
    assert done_or_undone(QUIET, never) is None
    assert done_or_undone(QUIET, state(**DONE, recovered=True)) is None
    found = done_or_undone(QUIET, state(charges=1, recovered=True))
    assert found is not None and "p-1 is 'pending'" in found.evidence


def test_one_effect_of_each_kind_is_allowed_and_two_are_not():
    assert each_effect_once(QUIET, state(charges=1, parcels=1)) is None
    for how, says in (
        ({"charges": 2}, "charged 2 times"),
        ({"parcels": 2}, "2 parcels"),
        ({"free": 1}, "2 are off the shelf"),
        ({"free": 4}, "put back twice"),
        ({"charges": 1, "amount": 4901}, "which costs 49.00 euros"),
    ):
        found = each_effect_once(QUIET, state(**how))
        assert found is not None and says in found.evidence


def test_nobody_is_charged_for_what_nobody_ordered():
    strange = State(
        moment="", tables=state().tables, known=dict(state().known), charges=({"id": "ch-9", "purchase_id": "p-9", "amount": 1},)
    )
    found = each_effect_once(QUIET, strange)
    assert found is not None and "nobody has ordered" in found.evidence


def test_money_with_the_shop_needs_a_lamp_set_aside():
    assert undone_in_reverse(QUIET, state(free=2, charges=1)) is None
    assert undone_in_reverse(QUIET, state(free=3, charges=1, refunds=1)) is None
    found = undone_in_reverse(QUIET, state(free=3, charges=1))
    assert found is not None and "49.00 euros" in found.evidence


def test_before_the_pivot_nothing_is_announced_and_behind_it_nothing_is_undone():
    assert nothing_undone_past_the_pivot(QUIET, state(charges=1, parcels=1, told=True)) is None
    for how, says in (
        ({"told": True}, "no parcel has been packed"),
        ({"parcels": 1, "charges": 1, "refunds": 1}, "went back"),
        ({"parcels": 1, "charges": 1, "free": 3}, "on the shelf again"),
        ({"parcels": 1, "charges": 1, "status": "cancelled"}, "the order is cancelled"),
    ):
        found = nothing_undone_past_the_pivot(QUIET, state(**how))
        assert found is not None and says in found.evidence


def test_an_answer_must_be_true_and_an_order_that_nobody_refuses_is_confirmed():
    assert whoever_asks_is_served(QUIET, state(**DONE, answers={"p-1": "confirmed"}, nothing_in_the_way=True)) is None
    assert whoever_asks_is_served(QUIET, state(**UNDONE, answers={"p-1": "cancelled"})) is None
    for how, says in (
        (DONE | {"answers": {"p-1": "cancelled"}}, "was told 'cancelled'"),
        (DONE | {"unanswered": ["p-1"]}, "never answered"),
        (DONE | {"unfinished": True}, "never comes to its end"),
        (UNDONE | {"nothing_in_the_way": True}, "nobody refused p-1"),
    ):
        found = whoever_asks_is_served(QUIET, state(**how))
        assert found is not None and says in found.evidence


def test_a_message_that_is_no_event_confirms_nothing():
    odd = state(parcels=1, charges=1)
    messages = tuple(Message(topic="purchases", partition=0, offset=n, key=None, value=value) for n, value in enumerate(("{", "[]", "7")))
    assert nothing_undone_past_the_pivot(QUIET, State(moment="", tables=odd.tables, messages=messages, known=odd.known)) is None


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"packed": (2, "lamp")}, "2 lamps left in the parcel of p-1, which is an order of 1 lamp"),
        ({"packed": (1, "mug")}, "1 mug left in the parcel of p-1"),
        ({"charged_to": "Bao"}, "Bao was charged for p-1, which Ada has ordered"),
        ({}, ""),
    ],
)
def test_the_parcel_holds_what_was_ordered_and_who_ordered_it_pays(how, says):
    found = each_effect_once(QUIET, state(**DONE, **how))
    assert (says in found.evidence) if says else found is None
