"""The rules of the consistency lab, at, under and over each of their bounds."""

from __future__ import annotations

import pytest

from autograder.history import History, Mark
from autograder.invariants import State
from autograder.invariants import replicas as rule
from autograder.simulation.ledger import Record

HISTORY = History(run="01.likes.ada1")


def asked(caller, callee, method, *args, value=None, outcome="ok", start=0, end=1):
    return Record(
        caller=caller, callee=callee, method=method, args=args, value=value, outcome=outcome,
        start=start, end=end if outcome != "unknown" else None, incarnation=1,
    )  # fmt: skip


def state(*calls, moment="in the end", **known):
    return State(moment=moment, known={"calls": calls, **known})


def evidence(invariant, *calls, history=HISTORY, **known):
    found = invariant(history, state(*calls, **known))
    return found.evidence if found else None


def like(replica, *, start=0, outcome="ok"):
    return asked("ada", f"replica-{replica}", "like", start=start, end=start + 1, outcome=outcome)


def count(replica, value, *, start):
    return asked("bao", f"replica-{replica}", "count", value=value, start=start, end=start + 1)


@pytest.mark.parametrize(("ms", "broken"), [(99, False), (100, False), (101, True)])
def test_an_answer_is_due_within_100_ms(ms, broken):
    found = evidence(rule.every_request_is_answered, asked("ada", "replica-1", "like", end=ms * 1_000))
    assert (found is not None) == broken


def test_a_refusal_is_no_answer():
    found = evidence(rule.every_request_is_answered, like(1, outcome="failed"))
    assert found == "ada asked replica-1 to like and had a refusal in the end"


def test_the_evidence_says_where_else_nobody_answered():
    found = evidence(rule.every_request_is_answered, *(like(number, outcome="unknown") for number in (1, 2, 3)))
    assert found == "ada asked replica-1 to like and had no answer in the end; so had people at replica-2 and replica-3"


def test_what_replicas_ask_each_other_is_their_own_affair():
    gossip = asked("replica-1", "replica-2", "merge", outcome="unknown")
    assert evidence(rule.every_request_is_answered, gossip) is None


def test_a_count_may_stay_and_rise_and_not_fall():
    assert evidence(rule.the_count_never_falls, count(1, 2, start=1), count(1, 2, start=3), count(1, 3, start=5)) is None
    assert evidence(rule.the_count_never_falls, count(1, 3, start=1), count(1, 2, start=3)) == "replica-1 counted 3 and later 2"


def test_two_replicas_may_count_differently_meanwhile():
    assert evidence(rule.the_count_never_falls, count(1, 3, start=1), count(2, 2, start=3)) is None


def test_a_replica_counts_what_it_has_acknowledged_itself():
    assert evidence(rule.the_count_never_falls, like(1), count(1, 1, start=5)) is None
    assert "had acknowledged 1 like itself and counted 0" in evidence(rule.the_count_never_falls, like(1), count(1, 0, start=5))
    assert evidence(rule.the_count_never_falls, like(2), count(1, 0, start=5)) is None


@pytest.mark.parametrize("value", [None, "2", 2.5, True, [2]])
def test_a_count_is_a_number(value):
    assert "no number" in evidence(rule.the_count_never_falls, count(1, value, start=1))


def test_replicas_show_the_same():
    assert evidence(rule.replicas_agree, shown={"replica-1": 2, "replica-2": 2}) is None
    assert evidence(rule.replicas_agree, shown={"replica-1": 2, "replica-2": 3}) == "replica-1 shows 2 and replica-2 shows 3 in the end"
    assert evidence(rule.replicas_agree, shown={"replica-1": ["mug", "lamp"], "replica-2": ["lamp", "mug"]}) is None


@pytest.mark.parametrize(("shown", "broken"), [(1, True), (2, False), (3, False), (4, True)])
def test_a_like_that_was_never_answered_may_count(shown, broken):
    likes = (like(1), like(2), like(3, outcome="unknown"))
    found = evidence(rule.no_like_is_lost_or_invented, *likes, shown={"replica-1": shown})
    assert (found is not None) == broken


def test_nothing_is_asked_of_the_count_before_the_network_has_healed():
    assert evidence(rule.no_like_is_lost_or_invented, like(1)) is None


def test_a_stale_read_breaks_the_register_and_the_reason_names_the_write():
    write = asked("ada", "replica-1", "write", "v1", start=1, end=2)
    stale = asked("bao", "replica-2", "read", value=None, start=3, end=4)
    found = evidence(rule.the_register_is_linearizable, write, stale)
    assert found == "the register could only be v1 when bao read None (ada wrote v1)"


def test_a_write_that_nobody_answered_may_show_later_and_a_refused_one_may_not():
    lost = asked("ada", "replica-1", "write", "v1", start=1, outcome="unknown")
    refused = asked("ada", "replica-1", "write", "v1", start=1, outcome="failed")
    seen = asked("bao", "replica-2", "read", value="v1", start=3, end=4)
    assert evidence(rule.the_register_is_linearizable, lost, seen) is None
    assert evidence(rule.the_register_is_linearizable, refused, seen) is not None


@pytest.mark.parametrize(("ms", "broken"), [(1_000, False), (1_001, True)])
def test_a_majority_answers_within_a_second(ms, broken):
    found = evidence(rule.a_majority_goes_on, asked("ada", "replica-1", "read", end=ms * 1_000))
    assert (found is not None) == broken


def test_nothing_is_asked_of_a_replica_that_is_cut_off_or_dead():
    silent = asked("ada", "replica-1", "read", outcome="unknown")
    assert evidence(rule.a_majority_goes_on, silent) is not None
    assert evidence(rule.a_majority_goes_on, silent, cut_off=("replica-1",)) is None
    dead = History(run="r", marks=(Mark(kind="crash", process="replica-1", at=0),))
    assert evidence(rule.a_majority_goes_on, silent, history=dead) is None


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (["lamp"], None),
        ([], "lamp was added and nobody removed what was added, and replica-1 does not show it in the end"),
        (["lamp", "mug"], "mug was removed by somebody who had seen it, and replica-1 shows it in the end"),
        (None, "replica-1 shows None, which is no list of items"),
    ],
)
def test_the_cart_holds_what_nobody_removed(shown, said):
    assert evidence(rule.the_cart_keeps_what_nobody_removed, shown={"replica-1": shown}, in_cart=["lamp"]) == said
