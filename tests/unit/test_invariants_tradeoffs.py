"""The rules of the lab of decisions: over, at and under each boundary."""

from __future__ import annotations

import pytest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants import tradeoffs as rule
from autograder.invariants.tradeoffs import Bound, is_near, is_number

EMPTY = History(run="13.shape.record")
FAILS = Bound(number="fails_per_1000", value=10)
LIMIT = Bound(number="orders_per_s_max", value=300, at_most=False)


def state(**known: object) -> State:
    usual = {"decision": "split", "slo": (FAILS, LIMIT), "asked": ("fails_per_1000", "orders_per_s_max")}
    measured = {"fails_per_1000": 6.0, "orders_per_s_max": 333.0, "euros_per_month": 50.0}
    return State(moment="when the scenario is played", known={**usual, "measured": measured, "numbers": measured, **known})


@pytest.mark.parametrize(
    ("fails", "most", "broken"), [(10, 300, False), (9.99, 301, False), (10.01, 300, True), (10, 299.9, True)]
)
def test_an_slo_is_met_at_its_bounds_and_not_beyond(fails, most, broken):
    found = rule.the_decision_meets_its_slo(EMPTY, state(measured={"fails_per_1000": fails, "orders_per_s_max": most}))
    assert (found is not None) is broken


def test_a_decision_that_misses_its_slo_is_told_what_it_came_to_and_why():
    late = state(measured={"fails_per_1000": 40.5, "orders_per_s_max": 348}, because={"fails_per_1000": "it dies as one"})
    found = rule.the_decision_meets_its_slo(EMPTY, late)
    assert found is not None
    assert found.evidence == "with 'split' fails_per_1000 is 40.5, and the SLO asks for at most 10: it dies as one"


@pytest.mark.parametrize(
    ("said", "measured", "near"),
    [
        (115, 100, True),
        (85, 100, True),
        (115.1, 100, False),
        (84.9, 100, False),
        (0.5, 0, True),
        (0.51, 0, False),
        (2.5, 2.0, True),
        (True, 1, False),
        ("6", 6, False),
        (None, 0, False),
        (float("nan"), 6, False),
    ],
)
def test_a_number_is_near_within_fifteen_per_cent_or_a_half(said, measured, near):
    assert is_near(said, measured) is near


def test_infinity_and_truth_values_are_no_numbers():
    assert [is_number(one) for one in (1, 1.5, float("inf"), True, "1")] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"fails_per_1000": 6, "orders_per_s_max": 333}, ""),
        ({"fails_per_1000": 6, "orders_per_s_max": 333, "euros_per_month": 9999}, ""),
        ({"fails_per_1000": 8, "orders_per_s_max": 333}, "1 of the 2 numbers is near enough"),
        ({"fails_per_1000": 6}, "1 of the 2 numbers is near enough; orders_per_s_max is missing"),
        ({"fails_per_1000": "few", "orders_per_s_max": 333}, "fails_per_1000 is 'few', which is no number"),
    ],
)
def test_every_number_that_is_asked_for_must_come_true(numbers, says):
    found = rule.the_numbers_come_true(EMPTY, state(numbers=numbers))
    assert (found.evidence if found else "") == says


@pytest.mark.parametrize(("fails", "most", "broken"), [(10, 300, False), (10.1, 300, True), (10, 299, True)])
def test_a_record_whose_own_numbers_miss_the_slo_contradicts_itself(fails, most, broken):
    found = rule.the_record_agrees_with_itself(EMPTY, state(numbers={"fails_per_1000": fails, "orders_per_s_max": most}))
    assert (found is not None) is broken


def test_a_record_may_leave_out_what_is_known():
    assert rule.the_record_agrees_with_itself(EMPTY, state(numbers={"fails_per_1000": 6})) is None
