"""The checker agrees with the definition, with recorded verdicts, and says why in words."""

from __future__ import annotations

import random

import pytest

from autograder.invariants.linearizability import (
    Bag, Counter, Keyed, Operation, Register, UNKNOWN, decide, level, sequential_order, smallest,
)  # fmt: skip
from tests.unit.brute_force import by_definition, keeps_processes, keeps_time, random_history
from tests.unit.recorded_histories import FOLDER, object_of, recorded


def write(process, value, start, end=None, key=None):
    return Operation(process=process, name="write", argument=value, start=start, end=end, key=key)


def read(process, value, start, end, key=None):
    return Operation(process=process, name="read", answer=value, start=start, end=end, key=key)


def cas(process, expected, new, answer, start, end):
    return Operation(process=process, name="cas", argument=(expected, new), answer=answer, start=start, end=end)


def dealt_register(chance):
    name = chance.choice(["write", "read", "read", "cas"])
    if name == "write":
        return {"name": name, "argument": chance.randint(0, 2)}
    if name == "read":
        return {"name": name, "answer": chance.randint(0, 2)}
    return {"name": name, "argument": (chance.randint(0, 2), chance.randint(0, 2)), "answer": chance.random() < 0.6}


def dealt_counter(chance):
    return {"name": "add"} if chance.random() < 0.5 else {"name": "read", "answer": chance.randint(0, 3)}


def dealt_bag(chance):
    name = chance.choice(["add", "remove", "read", "read"])
    if name != "read":
        return {"name": name, "argument": chance.choice(["lamp", "mug"])}
    return {"name": name, "answer": frozenset(chance.sample(["lamp", "mug"], chance.randint(0, 2)))}


def dealt_keyed(chance):
    return {**dealt_register(chance), "key": chance.choice("xy")}


OBJECTS = {
    "register": (Register(0), dealt_register),
    "counter": (Counter(), dealt_counter),
    "bag": (Bag(), dealt_bag),
    "two registers": (Keyed(Register(0)), dealt_keyed),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_linearizable_is_what_the_definition_says(name):
    thing, deal = OBJECTS[name]
    chance = random.Random(name)
    said = set()
    for _ in range(1_000):
        history = random_history(chance, deal)
        said.add(decide(thing, history).linearizable)
        assert decide(thing, history).linearizable == by_definition(thing, history, keeps_time), history
    assert said == {True, False}


@pytest.mark.parametrize("name", OBJECTS)
def test_sequential_is_what_the_definition_says(name):
    thing, deal = OBJECTS[name]
    chance = random.Random(name)
    for _ in range(500):
        history = random_history(chance, deal)
        assert (sequential_order(thing, history) is not None) == by_definition(thing, history, keeps_processes), history


@pytest.mark.parametrize("name", OBJECTS)
def test_the_order_that_is_shown_explains_every_answer(name):
    thing, deal = OBJECTS[name]
    chance = random.Random(name)
    for _ in range(500):
        history = random_history(chance, deal)
        decision = decide(thing, history)
        for order, before in ((decision.order, keeps_time), (sequential_order(thing, history) or (), keeps_processes)):
            state = thing.start
            for number, operation in enumerate(order):
                assert not any(before(later, operation) for later in order[number + 1 :])
                state = thing.after(state, operation)
            if order:
                answered = [one for one in history if not one.is_open]
                assert [one for one in answered if one not in order] == []


@pytest.mark.parametrize("name", OBJECTS)
def test_a_history_is_made_smaller_and_stays_broken(name):
    thing, deal = OBJECTS[name]
    chance = random.Random(name)
    shrunk = 0
    for _ in range(600):
        history = random_history(chance, deal)
        if decide(thing, history).linearizable is False:
            left = smallest(thing, history)
            assert not by_definition(thing.alone(left[0].key), left, keeps_time)
            shrunk += len(left) < len(history)
    assert shrunk > 30


@pytest.mark.parametrize("name", OBJECTS)
def test_leaving_out_what_nobody_noticed_never_breaks_a_history(name):
    thing, deal = OBJECTS[name]
    chance = random.Random(name)
    left_out = 0
    for _ in range(2_000):
        history = random_history(chance, deal)
        if decide(thing, history).linearizable:
            for one in history:
                others = [other for other in history if other is not one]
                if thing.only_reads(one) or not thing.notices(one, others):
                    assert decide(thing, others).linearizable, (history, one)
                    left_out += 1
    assert left_out > 100


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded histories are not part of the repository (FORTNIGHT_CORPORA)")
def test_every_recorded_history_has_its_known_verdict():
    said = {name: (decide(object_of(model), history).linearizable, known) for name, model, history, known in recorded()}
    assert len(said) == 122
    assert {name: verdicts for name, verdicts in said.items() if verdicts[0] != verdicts[1]} == {}


def test_a_stale_read_is_explained_in_words():
    history = [write("p1", 1, 1, 2), read("p2", 1, 3, 4), read("p3", 0, 5, 6)]
    decision = decide(Register(0), history)
    assert decision.linearizable is False
    assert decision.reason == "the register could only be 1 when p3 read 0"


def test_a_read_beside_a_write_may_see_either():
    for value in (0, 1):
        assert decide(Register(0), [write("p1", 1, 1, 9), read("p2", value, 2, 3)]).linearizable


def test_new_then_old_is_refused_even_beside_the_write():
    history = [write("p1", 1, 1, 9), read("p2", 1, 2, 3), read("p3", 0, 4, 5)]
    assert decide(Register(0), history).reason == "the register could only be 1 when p3 read 0"
    assert level(Register(0), history) == "sequential"


def test_a_call_and_an_answer_at_the_same_moment_overlap():
    assert decide(Register(0), [write("p1", 1, 1, 2), read("p2", 0, 2, 3)]).linearizable
    assert not decide(Register(0), [write("p1", 1, 1, 2), read("p2", 0, 3, 4)]).linearizable


def test_an_open_write_may_have_happened_or_not():
    for values in ((0, 0), (1, 1), (0, 1)):
        history = [write("p1", 1, 1), *(read("p2", value, at, at) for at, value in enumerate(values, 2))]
        assert decide(Register(0), history).linearizable, values
    assert not decide(Register(0), [write("p1", 1, 1), read("p2", 1, 2, 2), read("p2", 0, 3, 3)]).linearizable


def test_an_open_cas_may_have_happened_or_not():
    for value in (0, 2):
        history = [cas("p1", 0, 2, UNKNOWN, 1, None), read("p2", value, 2, 3)]
        assert decide(Register(0), history).linearizable


def test_the_reason_tells_of_every_value_that_was_possible_meanwhile():
    history = [write("p1", 1, 1, 6), write("p2", 2, 2, 5), read("p3", 3, 3, 4)]
    assert decide(Register(0), history).reason == "the register could only be 0, 1 or 2 when p3 read 3"


def test_a_value_that_another_answer_refutes_is_not_called_possible():
    history = [cas("p1", 0, 1, True, 1, 5), cas("p2", 0, 1, True, 2, 6)]
    assert decide(Register(0), history).reason == "the register could only be 1 when p2 asked for 1 in place of 0 and was obeyed"


def test_two_registers_that_are_fine_alone_are_linearizable_together_but_sequential_is_not_local():
    """Each register's history is sequentially consistent, the two together are not (Herlihy & Wing, section 3.3)."""
    history = [
        write("p1", 1, 1, 2, "x"),
        read("p1", 0, 3, 4, "y"),
        write("p2", 1, 1, 2, "y"),
        read("p2", 0, 3, 4, "x"),
    ]
    for key in "xy":
        assert level(Register(0), [one for one in history if one.key == key]) == "sequential"
    assert level(Keyed(Register(0)), history) == "neither"


def test_one_bad_key_decides_although_another_is_too_hard():
    hard = [write(f"p{number}", number, 0, 100, "hard") for number in range(16)]
    hard.append(read("p99", 99, 0, 100, "hard"))
    bad = [read("p1", 1, 200 + number, 201 + number, "bad") for number in range(0, 60, 2)]
    decision = decide(Keyed(Register(0)), [*hard, *bad])
    assert (decision.linearizable, decision.key) == (False, "bad")
    assert decision.tried < 10_000


def test_a_budget_that_is_spent_is_said_and_never_a_verdict():
    hard = [write(f"p{number}", number, 0, 100) for number in range(16)]
    hard.append(read("p99", 99, 0, 100))
    decision = decide(Register(0), hard, budget=1_000)
    assert decision.linearizable is None
    assert decision.tried < 2_000


def test_a_counterexample_keeps_what_shows_it_and_nothing_else():
    noise = [operation for at in range(10, 60, 5) for operation in (write("p1", at, at, at + 1), read("p2", at, at + 2, at + 3))]
    history = [*noise, write("p1", 7, 100, 101), read("p2", 8, 102, 103), read("p3", 7, 104, 105)]
    left = smallest(Register(0), history)
    assert decide(Register(0), left).linearizable is False
    assert [one.answer for one in left if one.name == "read"] == [8]
    assert len(left) <= 2


def test_only_a_broken_history_has_a_smallest_broken_part():
    with pytest.raises(ValueError, match="known not to be linearizable"):
        smallest(Register(0), [read("p1", 0, 1, 2)])


@pytest.mark.parametrize(
    ("thing", "history", "reason"),
    [
        (
            Counter(),
            [Operation(process="p1", name="add", start=1, end=2), read("p2", 0, 3, 4)],
            "the count could only be 1 when p2 read 0",
        ),
        (
            Bag(),
            [Operation(process="p1", name="add", argument="lamp", start=1, end=2), read("p2", frozenset(), 3, 4)],
            "the cart could only hold lamp when p2 saw nothing",
        ),
        (
            Register(0),
            [cas("p1", 3, 4, True, 1, 2)],
            "the register could only be 0 when p1 asked for 4 in place of 3 and was obeyed",
        ),
        (
            Register(0),
            [cas("p1", 0, 4, False, 1, 2)],
            "the register could only be 0 when p1 asked for 4 in place of 0 and was refused",
        ),
    ],
)
def test_each_object_explains_itself(thing, history, reason):
    assert decide(thing, history).reason == reason
