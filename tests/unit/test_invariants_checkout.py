"""The rules of the review at, over and under their boundaries."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants.checkout import (
    RULES, everybody_is_answered_truly, money_and_order_go_together, nothing_leaves_unpaid,
    the_predictions_are_what_running_shows, the_shelf_adds_up,
)  # fmt: skip

NOBODY = History(run="07.test", processes=())
ORDER = {"id": "p-1", "buyer": "Ada", "item": "lamp", "quantity": 2}
PARCEL = {"purchase_id": "p-1", "item": "lamp", "quantity": 2}


def charge(amount: int = 9800, id: str = "ch-1", purchase: str = "p-1") -> dict[str, Any]:
    return {"id": id, "key": id, "purchase_id": purchase, "buyer": "Ada", "amount": amount}


def refund(amount: int = 9800, of: str = "ch-1") -> dict[str, Any]:
    return {"id": "re-1", "key": "back", "charge_id": of, "amount": amount}


def state(orders=(), charges=(), refunds=(), shipped=(), free: int = 3, **known: Any) -> State:
    known = {"prices": {"p-1": 9800}, "wanted": {"p-1": "placed"}, "shelf": {"lamp": 3}, **known}
    tables = {"purchase": tuple(orders), "shipment": tuple(shipped), "stock": ({"item": "lamp", "free": free},)}
    return State(moment="now", tables=tables, charges=tuple(charges), refunds=tuple(refunds), known=known)


def said(rule, of: State) -> str:
    found = rule(NOBODY, of)
    return found.evidence if found else ""


@pytest.mark.parametrize(
    ("charges", "refunds", "evidence"),
    [
        ([charge()], [], ""),
        ([], [], "p-1 is ordered now, and nobody has paid"),
        ([charge(9799)], [], "p-1 is ordered now, and 9799 cents were taken in 1 charge, for a price of 9800"),
        ([charge(), charge(id="ch-2")], [], "p-1 is ordered now, and 19600 cents were taken in 2 charges, for a price of 9800"),
        ([charge(), charge(id="ch-2")], [refund(of="ch-2")], ""),
        ([charge()], [refund()], "p-1 is ordered now, and the money was given back"),
    ],
)
def test_an_order_is_paid_once_and_in_full_at_every_moment(charges, refunds, evidence):
    assert said(money_and_order_go_together, state([ORDER], charges, refunds)) == evidence


def test_money_without_an_order_is_allowed_on_the_way_and_not_in_the_end():
    assert said(money_and_order_go_together, state(charges=[charge()])) == ""
    assert said(money_and_order_go_together, state(charges=[charge()], final=True)).startswith("Ada has paid for p-1, and there is no")
    assert said(money_and_order_go_together, state(charges=[charge()], refunds=[refund()], final=True)) == ""
    assert said(money_and_order_go_together, state(charges=[charge()], refunds=[refund(9799)], final=True)) != ""


def test_two_charges_break_the_rule_even_before_there_is_an_order():
    twice = state(charges=[charge(), charge(id="ch-2")])
    assert said(money_and_order_go_together, twice) == "the gateway has charged p-1 2 times now"


def test_a_parcel_is_paid_for_and_leaves_once():
    assert said(nothing_leaves_unpaid, state([ORDER], [charge()], shipped=[PARCEL], delivered=True)) == ""
    assert "nobody has paid" in said(nothing_leaves_unpaid, state([ORDER], shipped=[PARCEL]))
    assert said(nothing_leaves_unpaid, state([ORDER], [charge()], shipped=[PARCEL] * 2)) == "2 lamp left the warehouse for p-1 2 times"


def test_what_is_paid_leaves_in_the_end_and_not_before():
    assert said(nothing_leaves_unpaid, state([ORDER], [charge()])) == ""
    assert said(nothing_leaves_unpaid, state([ORDER], [charge()], delivered=True)) != ""
    assert said(nothing_leaves_unpaid, state(charges=[charge()], refunds=[refund()], delivered=True)) == ""


@pytest.mark.parametrize(("free", "holds"), [(0, False), (1, True), (2, False), (3, False)])
def test_the_shelf_holds_what_was_there_less_what_is_ordered(free, holds):
    assert (said(the_shelf_adds_up, state([ORDER], free=free, final=True)) == "") is holds


def test_the_shelf_is_read_in_the_end_only():
    assert said(the_shelf_adds_up, state([ORDER], free=3)) == ""


@pytest.mark.parametrize(
    ("answers", "evidence"),
    [
        (["placed", "placed"], ""),
        (["placed", "declined"], "p-1 is answered with 'declined'; it must be 'placed'"),
        ([None], "p-1 is never answered: it did not say why"),
    ],
)
def test_every_answer_says_what_became_of_it(answers, evidence):
    assert said(everybody_is_answered_truly, state([ORDER], [charge()], answers={"p-1": answers})) == evidence


def test_what_can_be_sold_is_ordered_once_the_buyer_has_asked_until_there_was_an_answer():
    assert said(everybody_is_answered_truly, state(final=True)) == ""
    assert said(everybody_is_answered_truly, state(final=True, asked=True)) == "p-1 is not ordered now"


def test_what_was_declined_is_never_ordered():
    assert "should be declined" in said(everybody_is_answered_truly, state([ORDER], final=True, wanted={"p-1": "declined"}))


def test_a_recovery_that_never_ends_breaks_the_last_rule():
    assert said(everybody_is_answered_truly, state(finished=False, trouble="it hangs")) == "the recovery is never finished: it hangs"


def test_the_rules_have_their_numbers_and_the_first_is_marked_by_its_sheet():
    assert list(RULES) == [1, 2, 3, 4, 5]
    with pytest.raises(NotImplementedError):
        the_predictions_are_what_running_shows(NOBODY, state())
