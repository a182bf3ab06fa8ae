"""The rules of lab 3: over, at and under each bound that stands in them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants import failure as rule
from autograder.invariants.failure import Buyer, Charge

NOTHING = History(run="03.pay.k1")


def asked(of: Any, **known: Any) -> str:
    """What a rule says of what is known; nothing while it holds."""
    violation = of(NOTHING, State(moment="in the end", known=known))
    assert violation is None or violation.rule == of.__name__
    return violation.evidence if violation else ""


def buyer(number: int = 1, *, told: str = "paid", waited_ms: float | None = 100.0, **more: Any) -> Buyer:
    return Buyer(purchase_id=f"p-{number}", told=told, waited_ms=waited_ms, **more)


def charge(number: int = 1, *, key: str = "p-1", cents: int = 4900, at_ms: float = 50.0) -> Charge:
    return Charge(purchase_id=f"p-{number}", key=key, cents=cents, at_ms=at_ms)


@dataclass(frozen=True)
class Called:
    """A recorded call, as far as the rules read it."""

    args: tuple[Any, ...]
    outcome: str
    start: int = 10_000
    end: int | None = 60_000
    callee: str = "gateway"


# ---- 1 answered in time


@pytest.mark.parametrize(("waited_ms", "says"), [(2000.0, ""), (2000.0004, ""), (2000.6, "p-1 was answered after 2.0 s")])
def test_two_seconds_are_in_time_and_a_millisecond_more_is_not(waited_ms, says):
    assert asked(rule.buyers_are_answered_in_time, buyers=[buyer(waited_ms=waited_ms)]) == says


def test_one_of_a_hundred_may_be_late_and_two_may_not():
    many = [buyer(number) for number in range(98)]
    late = [buyer(98, waited_ms=9000.0), buyer(99, waited_ms=9000.0)]
    assert asked(rule.buyers_are_answered_in_time, buyers=[*many, buyer(97), late[0]]) == ""
    assert asked(rule.buyers_are_answered_in_time, buyers=[*many, *late]).endswith("so it went for 2 of 100 buyers")


def test_silence_and_an_exception_are_no_answers():
    assert asked(rule.buyers_are_answered_in_time, buyers=[buyer(told="", waited_ms=None)]) == "p-1 was never answered"
    broken = buyer(told="", trouble="broken: KeyError: 'x'")
    assert asked(rule.buyers_are_answered_in_time, buyers=[broken]) == "p-1 got no answer but broken: KeyError: 'x'"


# ---- 2 charged once, and the truth


def test_one_charge_that_was_told_breaks_nothing():
    assert asked(rule.charged_once_and_told_the_truth, buyers=[buyer()], charges=[charge()], prices={"p-1": 4900}) == ""


def test_two_charges_of_one_purchase_are_named_with_their_keys():
    says = asked(rule.charged_once_and_told_the_truth, charges=[charge(key="a"), charge(key="b")])
    assert says == "p-1 was charged twice, under the keys a and b"


def test_another_amount_is_no_charge_of_this_purchase():
    says = asked(rule.charged_once_and_told_the_truth, charges=[charge(cents=1)], prices={"p-1": 4900})
    assert says == "p-1 costs 4900 cents and was charged 1"


@pytest.mark.parametrize(
    ("told", "charges", "refused", "says"),
    [
        ("paid", [], (), "told 'paid', and the gateway had not charged anything"),
        ("paid", [charge(at_ms=100.5)], (), "told 'paid', and the gateway had not charged anything"),
        ("refused", [charge()], ("p-1",), "told 'refused', and the gateway has charged the card"),
        ("refused", [], (), "told 'refused', and the gateway has refused nothing"),
        ("refused", [], ("p-1",), ""),
        ("unknown", [charge()], (), ""),
    ],
)
def test_what_is_told_must_be_so_when_it_is_told(told, charges, refused, says):
    found = asked(rule.charged_once_and_told_the_truth, buyers=[buyer(told=told)], charges=charges, refused=refused)
    assert found.endswith(says) and bool(found) == bool(says)


# ---- 3 asked once


def test_a_declined_card_may_be_asked_for_again_only_where_nobody_heard_of_it():
    hopeless = {"p-1": "card declined"}
    lost, heard = Called(("k", "p-1", 1), "unknown", end=None), Called(("k", "p-1", 1), "failed")
    assert asked(rule.what_cannot_succeed_is_asked_once, calls=(lost, heard), hopeless=hopeless) == ""
    assert "asked for it again" in asked(rule.what_cannot_succeed_is_asked_once, calls=(heard, lost), hopeless=hopeless)
    assert asked(rule.what_cannot_succeed_is_asked_once, calls=(heard, heard), hopeless={}) == ""


# ---- 4 served


@pytest.mark.parametrize(("unserved", "holds"), [(0, True), (2, True), (3, False), (100, False)])
def test_98_of_100_are_served(unserved, holds):
    buyers = [buyer(number, told="unknown" if number < unserved else "paid") for number in range(100)]
    says = asked(rule.whoever_can_be_served_is_served, must_serve={"it failed": buyers})
    assert (says == "") is holds


def test_whoever_was_answered_is_told_and_whoever_never_asked_has_no_excuse():
    unknown = buyer(told="unknown")
    answered = Called(("k", "p-1", 1), "ok")
    too_late = Called(("k", "p-1", 1), "ok", end=5_000_000)
    says = {
        calls: asked(rule.whoever_can_be_served_is_served, each_must_be_told=[unknown], calls=calls)
        for calls in ((), (answered,), (too_late,))
    }
    assert [bool(text) for text in says.values()] == [True, True, False]


# ---- 5 the load


@pytest.mark.parametrize(("calls", "holds"), [(0, True), (120, True), (121, False), (300, False)])
def test_a_failing_gateway_gets_1_2_calls_for_each_buyer(calls, holds):
    assert (asked(rule.a_failing_gateway_is_not_flooded, failing=(100, calls)) == "") is holds


# ---- 6 the pauses


def drawn(low: float, high: float, seed: int = 0) -> list[float]:
    chance = random.Random(seed)
    return [chance.uniform(low, high) for _ in range(400)]


@pytest.mark.parametrize("seed", range(200))
def test_full_jitter_never_fails(seed):
    pauses = {retry: drawn(0, min(1.0, 0.1 * 2 ** (retry - 1)), seed) for retry in range(1, 7)}
    assert asked(rule.pauses_are_spread, pauses=pauses) == ""


@pytest.mark.parametrize(
    ("pauses", "says"),
    [
        ([0.1] * 400, "all are 0.100 s"),
        (drawn(0.05, 0.1), "0% lie between 0.000 s and 0.025 s"),
        (drawn(0, 0.2), "the bound is 0.1 s"),
        (drawn(0, 0.05), "lie between 0.000 s and 0.025 s"),
        ([-0.01, *drawn(0, 0.1)], "one is -0.010 s"),
        (["soon"], "one is 'soon', which is no number of seconds"),
    ],
)
def test_other_pauses_are_told_what_they_are(pauses, says):
    assert says in asked(rule.pauses_are_spread, pauses={1: pauses})


# ---- 7 the breaker


@pytest.mark.parametrize(
    ("arrivals_ms", "holds"), [([], True), ([20_000.0, 24_900.0], True), ([20_000.0, 24_899.0], False)]
)
def test_probes_are_five_seconds_apart(arrivals_ms, holds):
    assert (asked(rule.an_open_breaker_keeps_quiet, calls_while_open=arrivals_ms) == "") is holds


def test_nobody_is_turned_away_without_five_failures():
    says = asked(rule.an_open_breaker_keeps_quiet, never_turned_away={"all was well": [buyer(), buyer(2, told="later")]})
    assert says == "all was well, and 1 of the 2 buyers were turned away, p-2 first"
