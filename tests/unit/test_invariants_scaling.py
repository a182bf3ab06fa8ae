"""The rules of the scaling lab: over, at and under each boundary, in words that name who said what."""

from __future__ import annotations

import pytest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants import scaling as rule
from autograder.invariants.scaling import Asked

EMPTY = History(run="08.cart.a1")


def asked(item: str = "lamp", quantity: int = 1, by: str = "cart-1", **more: object) -> Asked:
    said = {item: quantity} if by else None
    return Asked(**{"request_id": "r-1", "buyer": "ada", "item": item, "quantity": quantity, "answered_by": by, "said": said, **more})


def state(shown: object, *requests: Asked, **known: object) -> State:
    return State(moment="in the end", known={"asked": requests, "shown": {("ada", "cart-2"): shown}, **known})


@pytest.mark.parametrize(("shown", "broken"), [({"lamp": 1}, False), ({"lamp": 2}, False), ({}, True), ({"lamp": "1"}, True)])
def test_what_was_acknowledged_must_be_shown(shown, broken):
    assert (rule.nothing_acknowledged_is_lost(EMPTY, state(shown, asked())) is not None) is broken


def test_what_nobody_acknowledged_may_be_missing():
    assert rule.nothing_acknowledged_is_lost(EMPTY, state({}, asked(by=""))) is None


def test_a_loss_names_who_acknowledged_who_shows_and_whose_write_was_refused():
    lost = state({}, asked("mug", 2), last_refused={("cart-1", "ada")})
    found = rule.nothing_acknowledged_is_lost(EMPTY, lost)
    assert found is not None and found.evidence == (
        "2 mug for ada were acknowledged by cart-1 (whose last write the store had refused: cart-1), and cart-2 shows an empty cart"
    )


@pytest.mark.parametrize(("shown", "broken"), [({"lamp": 1}, False), ({"lamp": 2}, True), ({"lamp": 1, "mug": 1}, True)])
def test_nothing_counts_more_often_than_it_was_asked_for(shown, broken):
    assert (rule.repeats_count_once(EMPTY, state(shown, asked(by=""))) is not None) is broken


@pytest.mark.parametrize(
    ("request_", "shown", "says"),
    [
        (asked(by="", trouble="no answer"), {}, "never acknowledged: no answer"),
        (asked(said=None), {"lamp": 1}, "which is no cart with it"),
        (asked(said={"lamp": 0}), {"lamp": 1}, "which is no cart with it"),
        (asked(), "no answer", "cart-2 does not show ada's cart: no answer"),
    ],
)
def test_everybody_is_answered_with_the_cart(request_, shown, says):
    found = rule.any_instance_serves(EMPTY, state(shown, request_))
    assert found is not None and says in found.evidence


def test_a_run_that_goes_nowhere_serves_nobody():
    found = rule.any_instance_serves(EMPTY, State(moment="at the end", known={"stuck": "ada waits for cart-1"}))
    assert found is not None and found.evidence == "ada waits for cart-1"


@pytest.mark.parametrize(("p99_ms", "broken"), [(300.0, False), (300.1, True)])
def test_the_slowest_hundredth_may_take_three_times_as_long(p99_ms, broken):
    known = {"p99_ms": p99_ms, "reference_p99_ms": 100.0, "given": (5, 20), "work_ms": (50.0, 10.0)}
    found = rule.the_slowest_hundredth(EMPTY, State(moment="in the end", known=known))
    assert (found is not None) is broken
    assert found is None or "the slowest instance got 20% of them and can do 17%" in found.evidence


@pytest.mark.parametrize(("given", "says"), [((10, 11), "the same number"), ((10, 13), "about the same share")])
def test_equal_shares_are_called_so(given, says):
    known = {"p99_ms": 500.0, "reference_p99_ms": 100.0, "given": given, "work_ms": (50.0, 10.0)}
    found = rule.the_slowest_hundredth(EMPTY, State(moment="in the end", known=known))
    assert found is not None and says in found.evidence


def test_a_pick_of_nobody_breaks_the_rule():
    found = rule.the_slowest_hundredth(EMPTY, State(moment="in the end", known={"refused": "pick said None"}))
    assert found is not None and found.evidence == "pick said None"
