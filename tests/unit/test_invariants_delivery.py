"""The rules of lab 5, over, at and under each of their boundaries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from autograder.history import History
from autograder.invariants import Message, Progress, State, Violation
from autograder.invariants import delivery as rule
from autograder.labs.lab05_words import sent_as

Rule = Callable[[History, State], Violation | None]
NOTHING = History(run="05.unit")
UNICORN = "no shelf holds a unicorn"


def sent(*words: str) -> list[dict[str, Any]]:
    """Messages in one Kafka partition, in this order."""
    return [sent_as(word, 0, offset).known() for offset, word in enumerate(words)]


def parcels(*words: str) -> dict[str, tuple[dict[str, Any], ...]]:
    """Packed in this order."""
    letters = [sent_as(word) for word in words]
    rows = (
        {"id": number, "purchase_id": one.purchase_id, "version": one.version, "item": one.item, "quantity": one.version}
        for number, one in enumerate(letters, 1)
    )
    return {"parcel": tuple(rows)}


def dead(word: str, offset: int, *, reason: str = UNICORN, origin: str | None = None) -> Message:
    letter = sent_as(word, 0, offset)
    headers = (("reason", reason), ("origin", letter.place if origin is None else origin))
    return Message(
        topic="purchases-dead", partition=0, offset=0, key=letter.purchase_id, value=letter.value, headers=headers
    )


def state(tables: dict[str, Any], *messages: Message, lag: int = 0, **known: Any) -> State:
    progress = (Progress(group="warehouse", topic="purchases", partition=0, committed=2, end=2 + lag),)
    known = {"drained": True, "finished": True, **known}
    return State(moment="in the end", tables=tables, messages=messages, progress=progress, known=known)


def broken(of: Rule, seen: State) -> str:
    found = of(NOTHING, seen)
    return found.evidence if found else ""


def test_a_message_without_its_effect_is_lost_only_when_nobody_will_read_it_again():
    missing = state(parcels("a1"), sent=sent("a1", "a2"))
    assert "p-a/2 was never packed" in broken(rule.every_message_has_its_effect, missing)
    assert not broken(rule.every_message_has_its_effect, replace(missing, known={**missing.known, "drained": False}))
    assert not broken(rule.every_message_has_its_effect, state(parcels("a1", "a2"), sent=sent("a1", "a2")))


def test_a_poison_message_must_be_in_the_dead_letter_topic():
    assert "neither handled nor" in broken(rule.every_message_has_its_effect, state(parcels(), sent=sent("a1x")))
    assert not broken(rule.every_message_has_its_effect, state(parcels(), dead("a1x", 0), sent=sent("a1x")))


def test_one_parcel_per_message_and_none_without_one():
    assert not broken(rule.no_effect_happens_twice, state(parcels("a1", "b1"), sent=sent("a1", "b1")))
    assert "packed twice" in broken(rule.no_effect_happens_twice, state(parcels("a1", "a1"), sent=sent("a1")))
    assert "no message orders" in broken(rule.no_effect_happens_twice, state(parcels("a1", "b1"), sent=sent("a1")))


def test_the_order_of_a_key_is_that_of_its_messages_and_not_of_other_keys():
    words = sent("a9", "a10", "b1")
    assert "p-a/10 was packed before p-a/9" in broken(
        rule.effects_keep_the_order_of_their_key, state(parcels("a10", "a9", "b1"), sent=words)
    )
    assert not broken(rule.effects_keep_the_order_of_their_key, state(parcels("b1", "a9", "a10"), sent=words))


def test_a_key_goes_on_without_a_message_only_when_that_is_set_aside():
    early = state(parcels("a2"), sent=sent("a1x", "a2"))
    assert "is packed in the end, while p-a/1" in broken(rule.effects_keep_the_order_of_their_key, early)
    assert not broken(rule.effects_keep_the_order_of_their_key, replace(early, messages=(dead("a1x", 0),)))


@pytest.mark.parametrize(("lag", "said"), [(0, ""), (1, "the lag of purchases/0 is 1")])
def test_the_lag_is_nothing_in_the_end(lag: int, said: str):
    assert said in (found := broken(rule.the_work_gets_done, state(parcels(), lag=lag))) and bool(found) == bool(said)


def test_work_without_an_end_and_a_wrong_count_are_told():
    endless = state(parcels(), lag=1, finished=False, drained=False, trouble="consume had not returned 0 after 5 calls")
    assert "never finished: consume had not" in broken(rule.the_work_gets_done, endless)
    assert "2 messages were read" in broken(rule.the_work_gets_done, state(parcels(), sent=sent("a1", "b1"), counted=1))
    assert not broken(rule.the_work_gets_done, state(parcels(), sent=sent("a1", "b1"), counted=2))


@pytest.mark.parametrize(
    ("attempts", "kills", "cuts", "holds"),
    [
        (2, 0, 0, False), (3, 0, 0, True), (4, 0, 0, False),
        (2, 1, 0, False), (3, 1, 0, True), (4, 1, 0, True), (5, 1, 0, False),
        (1, 0, 1, False), (2, 0, 1, True), (4, 0, 1, True), (5, 0, 1, False),
    ],
)  # fmt: skip
def test_three_attempts_and_what_a_fault_may_change_about_them(attempts: int, kills: int, cuts: int, holds: bool):
    seen = state(parcels(), dead("a1x", 0), sent=sent("a1x"), attempts={"unicorn": attempts}, kills=kills, cuts=cuts)
    assert (broken(rule.poison_is_set_aside, seen) == "") is holds


@pytest.mark.parametrize(("copies", "kills", "holds"), [(1, 0, True), (2, 0, False), (2, 1, True), (3, 1, False)])
def test_a_dead_letter_comes_once_and_once_more_for_a_fault(copies: int, kills: int, holds: bool):
    seen = state(parcels(), *[dead("a1x", 0)] * copies, sent=sent("a1x"), attempts={"unicorn": 3}, kills=kills)
    assert (broken(rule.poison_is_set_aside, seen) == "") is holds


@pytest.mark.parametrize(
    ("letter", "said"),
    [
        (dead("a1x", 0, reason=""), "no header reason"),
        (dead("a1x", 0, reason="RaiseException"), "gives the reason"),
        (dead("a1x", 0, reason=f"RaiseException('{UNICORN}')"), ""),
        (dead("a1x", 0, origin=""), "no header origin"),
        (dead("a1x", 0, origin="0/0"), "topic/partition/offset"),
        (replace(dead("a1x", 0), key=None), "the key and the value"),
        (replace(dead("a1x", 0), value="{}"), "the key and the value"),
    ],
)
def test_a_dead_letter_says_why_and_from_where_and_is_the_whole_message(letter: Message, said: str):
    found = broken(rule.poison_is_set_aside, state(parcels(), letter, sent=sent("a1x"), attempts={"unicorn": 3}))
    assert said in found and bool(found) == bool(said)


def test_what_could_have_been_packed_is_no_dead_letter():
    found = broken(rule.poison_is_set_aside, state(parcels(), dead("a1v", 0), sent=sent("a1v")))
    assert "could have been packed" in found


def test_bytes_that_are_no_event_need_no_attempts_and_any_reason():
    letter = dead("a1u", 0, reason="not an event of the shop")
    assert not broken(rule.poison_is_set_aside, state(parcels(), letter, sent=sent("a1u"), attempts={}))


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ({}, ""),
        ({"split": "p-1", "in": 2}, "nothing orders them"),
        ({"busiest_per_s": 50.0}, ""),
        ({"busiest_per_s": 50.1}, "at twice the peak"),
        ({"skew": 1.25}, ""),
        ({"skew": 1.26}, "1.26 times the mean"),
    ],
)
def test_a_layout_fits_up_to_its_bounds(day: dict[str, Any], said: str):
    whole = {"day": 1, "split": "", "in": 1, "busiest_per_s": 40.0, "skew": 1.0, **day}
    found = broken(rule.the_layout_fits, state(parcels(), days=[whole]))
    assert said in found and bool(found) == bool(said)


@pytest.mark.parametrize(("unicorns", "anvils", "says"), [(6, 3, ""), (3, 3, "together were tried 3 times"), (6, 1, "p-c/1 was tried 1 times")])
def test_attempts_at_several_are_counted_by_what_was_ordered(unicorns: int, anvils: int, says: str):
    letters = [dead("a1x", 0), dead("b1x", 1), dead("c1y", 2, reason="an anvil falls through every box")]
    seen = state(parcels(), *letters, sent=sent("a1x", "b1x", "c1y"), attempts={"unicorn": unicorns, "anvil": anvils})
    found = broken(rule.poison_is_set_aside, seen)
    assert says in found if says else not found


def test_attempts_are_not_judged_while_one_of_a_kind_is_still_tried():
    seen = state(parcels(), dead("a1x", 0), sent=sent("a1x", "b1x"), attempts={"unicorn": 4})
    assert not broken(rule.poison_is_set_aside, seen)


def test_each_dead_letter_gives_its_own_reason():
    seen = state(parcels(), dead("c1y", 0), sent=sent("c1y"), attempts={"anvil": 3})
    assert "an anvil falls through every box" in broken(rule.poison_is_set_aside, seen)
