"""The rules of lines and ids, over, at and under their bounds."""

from __future__ import annotations

import json

import pytest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants import correlation as rule
from autograder.invariants.state import Message

RUN = History(run="r", title="t")
OWN = "aaaa-1111-5f0c"


def line(event="request.received", order_id="p-a", correlation_id=OWN, **fields):
    always = {"timestamp": "2026-11-20T10:00:00+00:00", "level": "info", "service": "api"}
    return json.dumps(always | {"event": event, "order_id": order_id, "correlation_id": correlation_id} | fields)


def order(order_id="p-a", sent=OWN, refused=False, door="http"):
    return {"order_id": order_id, "sent": sent, "refused": refused, "door": door}


def state(*texts, orders=(order(),), process="api-1", answers=None, tables=None, messages=(), services=("api",), **known):
    told = {"lines": [(process, text) for text in texts], "orders": list(orders), "services": services, **known}
    answered = {"p-a": {"status": 201, "headers": {"x-correlation-id": OWN}}} if answers is None else answers
    return State(moment="in the end", tables=tables or {}, messages=messages, known={**told, "answers": answered})


def broken(of, *texts, **more):
    found = of(RUN, state(*texts, **more))
    return found.evidence if found else None


# ---- rule 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (line(), None),
        (line(timestamp="2026-11-20T10:00:00Z"), None),
        (line(timestamp="2026-11-20T11:00:00+01:00"), "no ISO 8601 in UTC"),
        (line(timestamp="2026-11-20T10:00:00"), "no ISO 8601 in UTC"),
        (line(level="INFO"), None),
        (line(level="loud"), "the level 'loud'"),
        (line(service="shop"), "service is 'shop'"),
        (line(correlation_id=""), "has no correlation_id"),
        (line(event=7), "has no event"),
        (line(order_id=None), "names no order_id"),
        (line(event="pool.made", order_id=None), None),
        ("[1]", "no JSON object"),
        ("INFO placed p-a", "no JSON"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_line_has_all_its_fields(text, says):
    found = broken(rule.every_line_is_structured, text)
    assert (found is None) == (says is None) and (says or "") in (found or "")


# ---- rule 2


def test_a_line_with_another_requests_id_says_whose():
    others = (order(), order("p-b", "bbbb-1111-5f0c"))
    texts = (line(), line(order_id="p-b", correlation_id=OWN))
    found = broken(rule.one_id_from_the_door_to_the_parcel, *texts, orders=others)
    assert found == "api-1 writes request.received of p-b with the id of p-a"


def test_the_answer_brings_the_id_back_in_whatever_case():
    there = {"p-a": {"status": 201, "headers": {"X-CORRELATION-ID": OWN}}}
    assert broken(rule.one_id_from_the_door_to_the_parcel, line(), answers=there) is None
    gone = {"p-a": {"status": 201, "headers": {}}}
    assert "does not bring its id back" in broken(rule.one_id_from_the_door_to_the_parcel, line(), answers=gone)


def test_the_outbox_row_holds_the_id_under_any_name():
    def row(headers):
        return {"outbox": ({"purchase_id": "p-a", "headers": headers},)}

    assert broken(rule.one_id_from_the_door_to_the_parcel, line(), tables=row({"whatever": OWN})) is None
    assert "outbox row" in broken(rule.one_id_from_the_door_to_the_parcel, line(), tables=row({"whatever": "x"}))
    assert "outbox row" in broken(rule.one_id_from_the_door_to_the_parcel, line(), tables=row(None))


def test_the_message_holds_it_in_its_header():
    def sent(*headers):
        return (Message(topic="purchases", partition=0, offset=0, key="p-a", value="", headers=headers),)

    good = sent(("source", "relay"), ("correlation-id", OWN))
    assert broken(rule.one_id_from_the_door_to_the_parcel, line(), messages=good) is None
    assert "header correlation-id" in broken(rule.one_id_from_the_door_to_the_parcel, line(), messages=sent())


# ---- rule 3


@pytest.mark.parametrize(
    ("sent", "usable"),
    [("a" * 8, True), ("a" * 7, False), ("a" * 64, True), ("a" * 65, False), ("a b c d e f", False), ("aaaaaaa\n", False), ("äääääääää", False), (None, False)],
)
def test_an_id_is_usable_within_its_bounds(sent, usable):
    assert rule.is_usable(sent) is usable


def test_a_usable_id_is_kept_and_an_unusable_one_replaced():
    assert broken(rule.an_id_is_made_once, line()) is None
    assert "came with a usable id" in broken(rule.an_id_is_made_once, line(correlation_id="made-here-0001"))
    kept = broken(rule.an_id_is_made_once, line(correlation_id="x\ny"), orders=(order(sent="x\ny"),))
    assert "which is not usable" in kept
    assert broken(rule.an_id_is_made_once, line(correlation_id="made-here-0001"), orders=(order(sent="x\ny"),)) is None


def test_two_requests_without_an_id_get_two():
    two = (order(sent=None), order("p-b", None))
    same = (line(correlation_id="made-here-0001"), line(order_id="p-b", correlation_id="made-here-0001"))
    assert "carry the same id" in broken(rule.an_id_is_made_once, *same, orders=two)
    other = (same[0], line(order_id="p-b", correlation_id="made-here-0002"))
    assert broken(rule.an_id_is_made_once, *other, orders=two) is None


# ---- rule 4

STEPS = (line(), line("stock.checked"), line("order.placed"))
PLACED = {"outbox": ({"purchase_id": "p-a", "headers": {"x": OWN}},)}


def test_each_step_of_an_order_has_its_line():
    assert broken(rule.the_shop_still_sells, *STEPS, tables=PLACED) is None
    for missing in range(3):
        texts = [text for place, text in enumerate(STEPS) if place != missing]
        assert "no line of api says" in broken(rule.the_shop_still_sells, *texts, tables=PLACED)


def test_a_shop_that_refuses_everybody_does_not_sell():
    refused = {"p-a": {"status": 409, "headers": {"X-Correlation-Id": OWN}}}
    assert "answered with 409, not with 201" in broken(rule.the_shop_still_sells, *STEPS, answers=refused)
    assert "answered with None" in broken(rule.the_shop_still_sells, *STEPS, answers={"p-a": None})


@pytest.mark.parametrize(("parcels", "says"), [(0, "packed 0 times"), (1, None), (2, "packed 2 times")])
def test_an_order_is_packed_once(parcels, says):
    sent = (Message(topic="purchases", partition=0, offset=0, key="p-a", value="", headers=()),)
    tables = {**PLACED, "parcel": ({"purchase_id": "p-a"},) * parcels}
    found = broken(rule.the_shop_still_sells, *STEPS, tables=tables, messages=sent)
    assert (says or "None") in str(found)


def test_what_is_refused_leaves_nothing():
    none = {"p-a": {"status": 409, "headers": {"X-Correlation-Id": OWN}}}
    texts = (line(), line("stock.checked"), line("order.refused"))
    asked = {"orders": (order(refused=True),), "answers": none}
    assert broken(rule.the_shop_still_sells, *texts, tables={"outbox": ()}, **asked) is None
    assert "1 rows in the outbox" in broken(rule.the_shop_still_sells, *texts, tables=PLACED, **asked)
