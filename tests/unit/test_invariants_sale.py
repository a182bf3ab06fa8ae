"""The rules of a sale at, over and under their boundaries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants import sale as rule
from autograder.invariants import sale_design as paper

NOBODY = History(run="14.test", processes=())


def bought(*keys: str, status: str = "paid") -> list[dict[str, Any]]:
    return [{"id": key, "status": status} for key in keys]


def charged(*keys: str) -> list[dict[str, Any]]:
    return [{"id": f"ch-{number}", "purchase_id": key, "amount": 4900} for number, key in enumerate(keys)]


def shipped(*keys: str) -> list[dict[str, Any]]:
    return [{"purchase_id": key} for key in keys]


def events(**of: str) -> list[dict[str, Any]]:
    return [{"purchase_id": key, "correlation_id": said} for key, said in of.items()]


def said(one: Any, **known: Any) -> str:
    ending = rule.Ending(**{"stock": 2, "waiting_max": 1, **known})
    found = one(NOBODY, State(moment="now", known={"sale": ending}))
    return found.evidence if found else ""


@pytest.mark.parametrize(
    ("paid", "told", "evidence"),
    [
        (("a", "b"), {"a": ["paid"], "b": ["paid"]}, ""),
        (("a", "b", "c"), {}, "3 are paid, and there were 2 units"),
        (("a",), dict.fromkeys("abc", ["paid"]), "3 are told that they have one"),
    ],
)
def test_no_more_is_sold_than_there_is(paid, told, evidence):
    found = said(rule.nothing_is_oversold, purchases=bought(*paid), told=told)
    assert evidence in found and bool(found) == bool(evidence)


@pytest.mark.parametrize(("charges", "evidence"), [(("a", "b"), ""), (("a", "a"), "a was charged 2 times"), ((), "")])
def test_one_charge_for_a_purchase(charges, evidence):
    assert said(rule.nobody_pays_twice, charges=charged(*charges)) == evidence


def test_a_second_charge_is_one_too_many_even_if_it_was_given_back():
    back = [{"charge_id": "ch-1", "amount": 4900}]
    assert said(rule.nobody_pays_twice, charges=charged("a", "a"), refunds=back) == "a was charged 2 times"


@pytest.mark.parametrize(
    ("paid", "charges", "refunds", "quiet", "evidence"),
    [
        (("a",), ("a",), (), True, ""),
        (("a",), (), (), True, "a: the purchase is paid, and no money was taken"),
        ((), ("a",), (), True, "a: the money was taken, and the purchase is not paid"),
        ((), ("a",), ("ch-0",), True, ""),
        (("a",), ("a",), ("ch-0",), True, "a: the purchase is paid, and no money was taken"),
        ((), ("a",), (), False, ""),
    ],
)
def test_money_and_purchases_agree_when_all_work_is_done(paid, charges, refunds, quiet, evidence):
    back = [{"charge_id": one, "amount": 4900} for one in refunds]
    found = said(rule.captured_is_paid, purchases=bought(*paid), charges=charged(*charges), refunds=back, quiet=quiet)
    assert found == evidence


@pytest.mark.parametrize(
    ("known", "evidence"),
    [
        ({"shipments": shipped("a"), "events": events(a="c-a")}, ""),
        ({"shipments": shipped("a", "a"), "events": events(a="c-a")}, "a was shipped 2 times"),
        ({"shipments": (), "events": events(a="c-a")}, "a: paid, and never shipped"),
        ({"shipments": (), "events": ()}, "a: paid, and no event tells of it"),
        ({"shipments": shipped("a", "b"), "events": events(a="c-a")}, "b: shipped, and not paid"),
        ({"shipments": shipped("a"), "events": events(a="")}, "the event of a carries 'nothing', and its request came with 'c-a'"),
        ({"shipments": (), "events": (), "quiet": False}, ""),
    ],
)
def test_a_paid_order_is_shipped_once_and_its_event_says_whence(known, evidence):
    assert said(rule.each_paid_order_ships_once, purchases=bought("a"), wishes={"a": "c-a"}, **known) == evidence


@pytest.mark.parametrize(
    ("told", "evidence"),
    [
        (["paid"], ""),
        (["waiting", "unknown", "paid", "paid"], ""),
        (["sold out"], "a was told 'sold out', and has paid"),
        (["declined"], "a was told 'declined', and has paid"),
        (["sold out", "paid"], "a was told first 'sold out' and later 'paid'"),
    ],
)
def test_what_a_paid_buyer_may_be_told(told, evidence):
    assert said(rule.what_was_told_is_true, purchases=bought("a"), charges=charged("a"), told={"a": told}) == evidence


@pytest.mark.parametrize(
    ("kept", "price", "evidence"),
    [
        (4900, 4900, ""),
        (4899, 4900, "a paid 4899 cents, and the price is 4900"),
        (4901, 4900, "a paid 4901 cents, and the price is 4900"),
        (1, 0, ""),
    ],
)
def test_what_is_taken_is_the_price(kept, price, evidence):
    charges = [{"id": "ch-0", "purchase_id": "a", "amount": kept}]
    assert said(rule.captured_is_paid, purchases=bought("a"), charges=charges, price=price) == evidence


def test_a_charge_that_is_given_back_in_part_is_money_that_was_kept():
    back = [{"charge_id": "ch-0", "amount": 4899}]
    assert said(rule.captured_is_paid, charges=charged("a"), refunds=back) == "a: the money was taken, and the purchase is not paid"


def test_paid_is_not_told_before_it_is_written():
    known = {"purchases": bought("a"), "charges": charged("a"), "told": {"a": ["paid"]}}
    assert said(rule.what_was_told_is_true, **known) == ""
    assert said(rule.what_was_told_is_true, **known, early=("a",)) == "a was told 'paid' when it was not written anywhere yet"


@pytest.mark.parametrize(
    ("said_instead", "shipped", "evidence"),
    [
        ({}, {}, ""),
        ({"item": "mug"}, {}, "the event of a says 'mug' for item, and 'lamp' is right"),
        ({"buyer": None}, {}, "the event of a says None for buyer, and 'Ada' is right"),
        ({"quantity": 2}, {}, "the event of a says 2 for quantity, and 1 is right"),
        ({}, {"quantity": 2}, "a: shipped 2 lamp, and 1 lamp was bought"),
    ],
)
def test_event_and_shipment_say_what_was_bought_and_by_whom(said_instead, shipped, evidence):
    payload = {"buyer": "Ada", "item": "lamp", "quantity": 1, "correlation_id": "c-a"} | said_instead
    event = rule.event_row(json.dumps({"purchase_id": "a", "kind": "OrderPlaced", "payload": payload}))
    rows = [{"purchase_id": "a", "item": "lamp", "quantity": 1} | shipped]
    known = {"purchases": bought("a"), "shipments": rows, "events": [event], "wishes": {"a": "c-a"}, "buyers": {"a": "Ada"}, "item": "lamp"}
    assert said(rule.each_paid_order_ships_once, **known) == evidence


@pytest.mark.parametrize("value", ["", "[]", "null", '{"payload": []}', b"\xff"])
def test_a_message_that_is_no_event_tells_of_no_purchase(value):
    assert rule.event_row(value)["purchase_id"] is None


def test_an_event_of_another_kind_is_not_the_one_of_a_paid_order():
    event = rule.event_row('{"purchase_id": "a", "kind": "Something", "payload": {}}')
    shipped = [{"purchase_id": "a"}]
    assert said(rule.each_paid_order_ships_once, purchases=bought("a"), shipments=shipped, events=[event]) == "a: paid, and no event tells of it"


def test_paid_is_told_only_with_a_paid_purchase_and_declined_only_with_such_a_card():
    assert said(rule.what_was_told_is_true, told={"a": ["paid"]}) == "a was told 'paid', and no purchase of that name is"
    assert said(rule.what_was_told_is_true, told={"a": ["declined"]}) == "a was told 'declined', and the card is good"
    assert said(rule.what_was_told_is_true, told={"a": ["declined"]}, declines=frozenset("a")) == ""


@pytest.mark.parametrize(
    ("known", "evidence"),
    [
        ({"purchases": bought("a", "b")}, ""),
        ({"purchases": bought("a"), "told": {"a": ["paid"]}}, ""),
        ({"purchases": [*bought("a"), *bought("b", status="held")]}, "b: still held when all work is done"),
        ({"purchases": [*bought("a"), *bought("b", status="waiting")]}, "1 unit is left, and b still waits"),
        ({"purchases": [*bought("a"), *bought("b", status="waiting")], "gone": frozenset("b")}, ""),
        ({"purchases": bought("a"), "told": {"b": ["sold out"]}}, "1 unit is left, and b was told 'sold out'"),
        ({"purchases": [*bought("a"), *bought("b", "c", status="declined")], "told": {"d": ["sold out"]}}, ""),
        ({"quiet": False}, "work is never done"),
        ({"purchases": bought("a", "b"), "waiting_most": 1}, ""),
        ({"purchases": bought("a", "b"), "waiting_most": 2}, "2 wait at once, and the list has 1 places"),
        ({"refused": ("b",)}, "all work is done and a unit is left, and b who comes then is told 'sold out'"),
    ],
)
def test_units_that_are_left_mean_that_nobody_waits_and_nobody_was_sent_away_too_soon(known, evidence):
    assert said(rule.nothing_is_held_for_ever, **known) == evidence


@pytest.mark.parametrize(
    ("known", "evidence"),
    [
        ({"told": {"a": ["busy", "sold out"]}}, ""),
        ({"told": {"a": ["busy", "waiting"]}}, "a asked until the end and heard last 'waiting'"),
        ({"told": {}}, "a asked until the end and never heard anything"),
        ({"told": {}, "gone": frozenset("a")}, ""),
        ({"told": {"a": ["paid"]}, "late": ["shop-1 did not answer a within 5 s"]}, "shop-1 did not answer a within 5 s"),
    ],
)
def test_whoever_keeps_asking_hears_something_final(known, evidence):
    assert said(rule.everybody_is_answered, wishes={"a": "c-a"}, **known) == evidence


def costs(**known: Any) -> dict[str, Any]:
    return {"calls_per_order": (10,), "orders": 1, "late_calls": 50, "late_buyers": 50, "late_told": ("sold out",), **known}


@pytest.mark.parametrize(
    ("one", "known", "evidence"),
    [
        (rule.an_order_costs_little, {"calls_per_order": (30,)}, ""),
        (rule.an_order_costs_little, {"calls_per_order": (31,)}, "one order took 31 calls; 30 are allowed"),
        (rule.an_order_costs_little, {"calls_per_order": ()}, "of 1 buyers who came one after the other 0 were told 'paid'"),
        (rule.an_order_costs_little, {"kept": ("it waits",)}, "it waits"),
        (rule.sold_out_costs_nothing, {}, ""),
        (rule.sold_out_costs_nothing, {"late_calls": 51}, "50 buyers who came when all was sold took 51 calls to backends"),
        (rule.sold_out_costs_nothing, {"late_told": ("busy",)}, "all is sold, and a buyer who comes anew is told 'busy'"),
    ],
)
def test_what_a_buyer_may_cost(one, known, evidence):
    found = one(NOBODY, State(moment="now", known={"cost": rule.Cost(**costs(**known))}))
    assert (found.evidence if found else "") == evidence


@pytest.mark.parametrize(("waiting", "broken"), [(1000, False), (1001, True)])
def test_how_many_may_wait_in_one_worker(waiting, broken):
    found = rule.the_line_is_bounded(NOBODY, State(moment="now", known={"in_line": waiting, "line_max": 1000}))
    assert bool(found) == broken


@pytest.mark.parametrize(("worker_mb", "why", "broken"), [((300.0, 12.0), "", False), ((300.1,), "", True), ((1.0,), "it did not finish", True)])
def test_how_much_room_a_worker_may_take(worker_mb, why, broken):
    found = rule.memory_is_bounded(NOBODY, State(moment="now", known={"load": rule.Load(worker_mb=worker_mb, why=why)}))
    assert bool(found) == broken


# ---- the design


def whole() -> dict[str, Any]:
    return {
        "components": {name: ("does what it does", "sales stop") for name in paper.COMPONENTS},
        "if it dies": dict.fromkeys(paper.WHEN_IT_DIES, "work"),
        "claims": dict.fromkeys(paper.CLAIMS, True),
        "estimates": {name: one.value for name, one in paper.ESTIMATES.items()},
    }


def test_a_whole_design_has_no_gap_and_may_leave_limits_open():
    design = whole()
    design["claims"] |= dict.fromkeys(paper.LIMITS, False)
    assert paper.gaps_of(design) == [] and paper.wrong_estimates(design) == []


@pytest.mark.parametrize(
    ("part", "name", "value", "gap"),
    [
        ("components", "redis", None, "redis: say what it does"),
        ("components", "redis", ("counts", "sales stop"), "redis: say in 3 words or more"),
        ("components", "redis", ("", "not used"), ""),
        ("components", "redis", ("counts how often", "nothing"), "redis: what happens when it dies is one of"),
        ("if it dies", "after it is reserved", "somebody", "a worker that dies after it is reserved: say who finishes"),
        ("if it dies", "after the order is paid", "the topic delivers again", "a worker that dies after the order is paid: nothing is published yet"),
        ("if it dies", "after it is reserved", "nobody has to", "a worker that dies after it is reserved: what it has begun has to be finished"),
        ("claims", "charged once", None, "the claim 'charged once': say True or False"),
        ("claims", "charged once", False, "without 'charged once' it is no sale"),
        ("claims", "fast", True, "nobody asked for 'fast'"),
    ],
)
def test_what_is_missing_is_named(part, name, value, gap):
    design = whole()
    design[part][name] = value
    found = paper.gaps_of(design)
    assert len(found) == bool(gap) and all(gap in one for one in found)


@pytest.mark.parametrize(("factor", "right"), [(1.25, True), (0.75, True), (1.26, False), (0.74, False)])
def test_an_estimate_is_right_within_a_quarter(factor, right):
    design = whole()
    design["estimates"]["megabytes in line"] = 200 * factor
    assert (paper.wrong_estimates(design) == []) == right


def test_true_is_no_number():
    design = whole() | {"estimates": {}}
    assert len(paper.wrong_estimates(design)) == 4
    design["estimates"] = dict.fromkeys(paper.ESTIMATES, True)
    assert len(paper.wrong_estimates(design)) == 4
