"""The rules of lab 2 about what a session sees, over, at and under their boundaries, on states written by hand."""

import pytest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants import sessions as rule

EMPTY = History(run="02.x.none")
LOOK = {
    "who": "Ada", "key": "pay-1", "shown": "charged", "own": "", "seen": "", "holds": "charged",
    "served": False, "fresh": False, "asked": False,
}  # fmt: skip


def asked(one, *looks, **known):
    found = one(EMPTY, State(moment="in the end", known={"looks": [{**LOOK, **look} for look in looks], **known}))
    return found.evidence if found else ""


@pytest.mark.parametrize(
    ("shown", "own", "says"),
    [
        ("started", "", ""),
        ("charged", "charged", ""),
        ("declined", "charged", ""),
        ("started", "charged", "had marked pay-1 charged, and was then shown started"),
    ],
)
def test_who_has_written_sees_it_or_what_came_after_it(shown, own, says):
    said = asked(rule.a_buyer_sees_his_own_write, {"shown": shown, "own": own})
    assert says in said and (said == "") == (says == "")


@pytest.mark.parametrize(
    ("shown", "seen", "kept"),
    [("started", "", True), ("declined", "charged", True), ("charged", "charged", True), ("charged", "declined", False)],
)
def test_a_second_look_is_as_new_as_the_first(shown, seen, kept):
    assert (asked(rule.a_second_look_is_never_older, {"shown": shown, "seen": seen}) == "") == kept


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ({"shown": "started"}, ""),
        ({"shown": "started", "fresh": True}, "had caught up"),
        ({"shown": "declined"}, "and it is charged"),
        ({"shown": "paid"}, "'paid'"),
    ],
)
def test_a_look_shows_what_was_and_in_the_end_what_is(look, says):
    said = asked(rule.the_replica_does_its_share, look)
    assert says in said and (said == "") == (says == "")


@pytest.mark.parametrize(("primary", "kept"), [(0, True), (1, True), (2, False), (5, False)])
def test_one_look_in_five_may_ask_the_primary(primary, kept):
    looks = [{"served": True, "asked": number < primary} for number in range(5)]
    assert (asked(rule.the_replica_does_its_share, *looks, {"asked": True}) == "") == kept


def test_a_look_that_is_not_answered_is_told():
    assert asked(rule.the_replica_does_its_share, unanswered="look did not return: hung") == "look did not return: hung"
