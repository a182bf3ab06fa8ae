"""The rules of lab 6, each over, at and under its boundary."""

from __future__ import annotations

import json
from typing import Any

import pytest

from autograder.history import Call, History
from autograder.invariants import Message, State
from autograder.invariants.outbox import (
    RULES, cleaning_disturbs_nobody, first_appearances_in_order, nothing_committed_stays_unpublished,
    order_and_message_together, repeated_takes_effect_once, the_work_gets_done, the_younger_relay_is_alone,
)  # fmt: skip

QUIET = History(run="06.relay.a1")
LAMP = {"buyer": "Ada", "item": "lamp", "quantity": 1}


def state(tables: dict[str, tuple[Any, ...]] | None = None, messages: tuple[Message, ...] = (), **known: Any) -> State:
    return State(moment="in the end", tables=tables or {}, messages=messages, known=known)


def message(event: str, partition: int = 0, offset: int = 0, payload: dict[str, Any] = LAMP) -> Message:
    purchase, version = event.split("/")
    value = {"purchase_id": purchase, "version": int(version), "kind": "OrderPlaced", "payload": payload}
    return Message(topic="purchases", partition=partition, offset=offset, key=purchase, value=json.dumps(value))


def order(purchase: str = "p-1", **fields: Any) -> dict[str, Any]:
    return {"id": purchase, **LAMP, **fields}


def row(event: str, published: object = None) -> dict[str, Any]:
    purchase, version = event.split("/")
    return {"purchase_id": purchase, "version": int(version), "kind": "OrderPlaced", "payload": LAMP, "published_at": published}


def test_an_order_and_its_row_in_the_outbox_belong_together():
    assert order_and_message_together(QUIET, state({"purchase": (order(),), "outbox": (row("p-1/1"),)})) is None
    alone = order_and_message_together(QUIET, state({"purchase": (order(),), "outbox": ()}))
    assert alone is not None and "no message tells of it" in alone.evidence


def test_a_message_in_kafka_serves_as_well_as_a_row():
    assert order_and_message_together(QUIET, state({"purchase": (order(),), "outbox": ()}, (message("p-1/1"),))) is None


def test_a_message_without_its_order_is_a_lie():
    found = order_and_message_together(QUIET, state({"purchase": (), "outbox": ()}, (message("p-1/1"),)))
    assert found is not None and "there is no such order" in found.evidence


def test_a_message_must_say_what_was_ordered():
    tables = {"purchase": (order(quantity=2),), "outbox": (row("p-1/1"),)}
    found = order_and_message_together(QUIET, state(tables))
    assert found is not None and '"quantity": 1' in found.evidence and '"quantity": 2' in found.evidence


def test_a_row_that_is_marked_as_published_tells_nobody():
    found = order_and_message_together(QUIET, state({"purchase": (order(),), "outbox": (row("p-1/1", "now"),)}))
    assert found is not None and "no message tells of it" in found.evidence


def test_the_relay_may_not_change_what_it_carries():
    expected = {"p-1/1": ("OrderPlaced", LAMP)}
    changed = message("p-1/1", payload={**LAMP, "quantity": 9})
    found = nothing_committed_stays_unpublished(QUIET, state({}, (changed,), committed=["p-1/1"], expected=expected))
    assert found is not None and "and published as" in found.evidence


def test_half_an_order_never_leaves_the_warehouse():
    lines = [("p-1", "lamp", 1), ("p-1", "bulb", 3)]
    shipment = {"purchase_id": "p-1", "item": "lamp", "quantity": 1}
    found = repeated_takes_effect_once(QUIET, state({"shipment": (shipment,)}, to_ship=lines))
    assert found is not None and "half an order" in found.evidence


def test_bytes_that_are_no_event_are_reported_and_not_swallowed():
    junk = Message(topic="purchases", partition=0, offset=0, key="p-1", value="hello")
    found = nothing_committed_stays_unpublished(QUIET, state({}, (junk,), committed=[]))
    assert found is not None and "no event of the shop" in found.evidence


def test_a_committed_event_may_wait_while_the_relay_works_and_no_longer():
    assert nothing_committed_stays_unpublished(QUIET, state(committed=["p-1/1"], drained=False)) is None
    found = nothing_committed_stays_unpublished(QUIET, state(committed=["p-1/1"], drained=True))
    assert found is not None and found.rule == RULES[2]
    assert nothing_committed_stays_unpublished(QUIET, state({}, (message("p-1/1"),), committed=["p-1/1"], drained=True)) is None


def test_nobody_publishes_what_was_not_committed():
    found = nothing_committed_stays_unpublished(QUIET, state({}, (message("p-9/1"),), committed=["p-1/1"]))
    assert found is not None and "nobody committed it" in found.evidence


@pytest.mark.parametrize(
    ("events", "broken"),
    [
        (["p-1/1", "p-1/2"], False),
        (["p-1/1", "p-1/2", "p-1/1"], False),
        (["p-1/2", "p-1/1"], True),
        (["p-1/1", "p-1/3", "p-1/2"], True),
        (["p-1/1", "p-2/1", "p-1/2"], False),
    ],
)
def test_only_first_appearances_have_an_order(events, broken):
    messages = tuple(message(event, offset=offset) for offset, event in enumerate(events))
    assert (first_appearances_in_order(QUIET, state({}, messages)) is not None) == broken


def test_between_kafka_partitions_there_is_no_order():
    found = first_appearances_in_order(QUIET, state({}, (message("p-1/1", 0), message("p-1/2", 2))))
    assert found is not None and "partitions 0 and 2" in found.evidence


def test_one_command_makes_one_order():
    kept = state({"purchase": (order(),), "outbox": (row("p-1/1"),)}, commands=["p-1"])
    assert repeated_takes_effect_once(QUIET, kept) is None
    second = state({"purchase": (order(), order("p-x")), "outbox": ()}, commands=["p-1"])
    assert "p-x" in (repeated_takes_effect_once(QUIET, second) or pytest.fail("two orders")).evidence


@pytest.mark.parametrize(("shipped", "broken"), [(0, True), (1, False), (2, True)])
def test_an_event_that_was_received_ships_exactly_once(shipped, broken):
    shipment = {"purchase_id": "p-1", "item": "lamp", "quantity": 1}
    seen = state({"shipment": (shipment,) * shipped}, to_ship=[("p-1", "lamp", 1)], received=True)
    assert (repeated_takes_effect_once(QUIET, seen) is not None) == broken


def test_before_it_was_received_an_event_may_have_shipped_or_not():
    assert repeated_takes_effect_once(QUIET, state({"shipment": ()}, to_ship=[("p-1", "lamp", 1)])) is None


def test_refusing_everything_is_no_work():
    found = the_work_gets_done(QUIET, state(unanswered=["p-1"], trouble="ValueError: no"))
    assert found is not None and "ValueError: no" in found.evidence
    lying = the_work_gets_done(QUIET, state({"purchase": ()}, answered=["p-1"]))
    assert lying is not None and "p-1 was answered" in lying.evidence
    assert the_work_gets_done(QUIET, state({"purchase": (order(),)}, answered=["p-1"], finished=True)) is None


def test_cleaning_up_keeps_what_is_unpublished_and_its_limit():
    assert cleaning_disturbs_nobody(QUIET, state({"outbox": (row("p-a/1"),)}, must_stay=["p-a/1"], removals=[(2, 2, 2)])) is None
    assert "never been published" in cleaning_disturbs_nobody(QUIET, state({"outbox": ()}, must_stay=["p-a/1"])).evidence
    assert "at most 2" in cleaning_disturbs_nobody(QUIET, state({"outbox": ()}, removals=[(3, 2, 3)])).evidence
    assert "returned 1" in cleaning_disturbs_nobody(QUIET, state({"outbox": ()}, removals=[(2, 2, 1)])).evidence


def test_whoever_waits_for_the_janitor_breaks_its_rule():
    waiting = Call(process="checkout-1", backend="postgres", label="insert outbox", waits_for=("janitor-1",))
    found = cleaning_disturbs_nobody(History(run="r", calls=(waiting,)), state({"outbox": ()}))
    assert found is not None and found.process == "checkout-1"


def test_a_replaced_relay_may_not_be_heard_again():
    two = (message("p-a/1"), message("p-a/1", offset=1))
    assert the_younger_relay_is_alone(QUIET, state({}, two, visible_at_takeover=2)) is None
    assert the_younger_relay_is_alone(QUIET, state({}, two, visible_at_takeover=None)) is None
    assert the_younger_relay_is_alone(QUIET, state({}, two, visible_at_takeover=1)) is not None
