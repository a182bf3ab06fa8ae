"""The rules of lab 2 over, at and under their boundaries, on states written by hand."""

from dataclasses import replace

import pytest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants import payments as rule
from shop import Receipt

EMPTY = History(run="02.x.none")
BODY = {"purchase_id": "p-a", "buyer": "Ada", "amount": 4900}
WISH = {"key": "pay-a1", **BODY}
SECOND = {**WISH, "key": "pay-a2"}
CHARGED = Receipt(key="pay-a1", status="charged", id="ch-1", amount=4900)
DECLINED = Receipt(key="pay-a1", status="declined")
NOTE = {**WISH, "status": "charged", "charge_id": "ch-1"}


def charges(*bodies):
    return tuple({"id": f"ch-{number}", "key": "k", **body} for number, body in enumerate(bodies, start=1))


def state(*, taken=(), notes=(), **known):
    return State(moment="in the end", charges=charges(*taken), tables={"payment": notes}, known=known)


def evidence(found):
    return found.evidence if found else ""


@pytest.mark.parametrize(
    ("wishes", "taken", "says"),
    [
        ([WISH], [], ""),
        ([WISH], [BODY], ""),
        ([WISH], [BODY, BODY], "twice, and asked for it once"),
        ([WISH, SECOND], [BODY, BODY], ""),
        ([WISH, SECOND], [BODY] * 3, "3 times, and asked for it twice"),
        ([WISH], [{**BODY, "amount": 4901}], "which nobody asked for"),
        ([WISH, {**WISH, "amount": 500}], [BODY], ""),
        ([WISH, {**WISH, "amount": 500}], [BODY, {**BODY, "amount": 500}], "with two bodies"),
    ],
)
def test_a_wish_is_charged_at_most_once(wishes, taken, says):
    found = rule.one_wish_one_charge(EMPTY, state(taken=taken, wishes=wishes))
    assert says in evidence(found) and (found is None) == (says == "")


def test_the_same_key_and_body_get_equal_answers():
    same = state(answers=[(WISH, CHARGED), (WISH, CHARGED), (SECOND, replace(CHARGED, key="pay-a2"))])
    assert rule.the_same_key_gets_the_same_answer(EMPTY, same) is None
    other = state(answers=[(WISH, CHARGED), (WISH, replace(CHARGED, id="ch-2"))])
    assert "later charged ch-2" in evidence(rule.the_same_key_gets_the_same_answer(EMPTY, other))


@pytest.mark.parametrize(
    ("answers", "taken", "declined", "says"),
    [
        ([(WISH, CHARGED)], [BODY], [], ""),
        ([(WISH, CHARGED)], [], [], "has taken nothing for it"),
        ([(WISH, replace(CHARGED, id="ch-2"))], [BODY], [], "has taken ch-1 for it"),
        ([(WISH, replace(CHARGED, amount=4899))], [BODY], [], "has taken ch-1"),
        ([(WISH, None)], [BODY], [], "where a Receipt of pay-a1"),
        ([(WISH, replace(CHARGED, key="other"))], [BODY], [], "where a Receipt of pay-a1"),
        ([(WISH, DECLINED)], [], ["pay-a1"], ""),
        ([(WISH, DECLINED)], [], [], "never declined it"),
        ([(WISH, replace(DECLINED, amount=1))], [], ["pay-a1"], "nothing was taken"),
        ([(WISH, CHARGED), (SECOND, replace(CHARGED, key="pay-a2"))], [BODY, BODY], [], "one charge, two payments"),
    ],
)
def test_an_answer_is_what_the_gateway_says(answers, taken, declined, says):
    found = rule.every_answer_is_true(EMPTY, state(taken=taken, answers=answers, declined=declined))
    assert says in evidence(found) and (found is None) == (says == "")


@pytest.mark.parametrize(
    ("first", "other", "strict", "kept"),
    [
        ("returned", "KeyReused", True, True),
        ("returned", "returned", True, False),
        ("KeyReused", "returned", False, True),
        ("KeyReused", "returned", True, False),
        ("KeyReused", "KeyReused", False, False),
        ("returned", "ValueError: no", True, False),
        ("returned", "", True, False),
    ],
)
def test_one_body_is_paid_and_the_other_refused(first, other, strict, kept):
    reused = (WISH, first, {**WISH, "amount": 500}, other)
    found = rule.a_key_keeps_its_first_body(EMPTY, state(reused=[reused], strict=strict))
    assert (found is None) == kept


@pytest.mark.parametrize(
    ("another", "says"),
    [
        ({"amount": 500}, "with 49.00 euros: a receipt, then with 5.00 euros: a receipt; the first is paid and the other amount gets"),
        ({"purchase_id": "p-b"}, "with purchase p-a: a receipt, then with purchase p-b: a receipt; the first is paid and the other purchase"),
        ({"buyer": "Bao"}, "with buyer Ada: a receipt, then with buyer Bao: a receipt; the first is paid and the other buyer gets"),
    ],
)
def test_what_differs_is_named(another, says):
    reused = (WISH, "returned", {**WISH, **another}, "returned")
    assert says in evidence(rule.a_key_keeps_its_first_body(EMPTY, state(reused=[reused], strict=True)))


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({}, ""),
        ({"finished": True, "counted": (2, 2)}, ""),
        ({"unanswered": ["pay-a1"], "trouble": "ValueError"}, "never answered: ValueError"),
        ({"finished": False}, "does not come to an end"),
        ({"counted": (1, 2)}, "returned 1 in all, and settled 2"),
    ],
)
def test_everybody_is_answered_and_the_reconciler_ends(known, says):
    found = rule.every_buyer_is_answered(EMPTY, state(**known))
    assert says in evidence(found) and (found is None) == (says == "")


@pytest.mark.parametrize(
    ("notes", "taken", "declined", "before", "says"),
    [
        ([NOTE], [BODY], [], 1, ""),
        ([], [], [], 0, ""),
        ([{**NOTE, "status": "started", "charge_id": None}], [], [], 0, ""),
        ([], [BODY], [], 1, "the table payment says nothing"),
        ([{**NOTE, "status": "started"}], [BODY], [], 1, "the table payment says started"),
        ([{**NOTE, "charge_id": "ch-2"}], [BODY], [], 1, "the table payment says charged"),
        ([NOTE], [], [], 0, "has taken nothing"),
        ([NOTE], [BODY], [], 0, "reconcile itself charged Ada"),
        ([{**NOTE, "status": "declined"}], [], ["pay-a1"], 0, ""),
        ([{**NOTE, "status": "declined"}], [], [], 0, "the gateway never declined it"),
        ([{**NOTE, "status": "started"}], [], ["pay-a1"], 0, "the gateway has declined pay-a1"),
    ],
)
def test_once_the_reconciler_has_come_by_the_notes_are_true(notes, taken, declined, before, says):
    known = {"wishes": [WISH], "reconciled": before, "declined": declined, "reached": ["pay-a1"] if declined else []}
    found = rule.nothing_is_taken_without_a_note(EMPTY, state(notes=notes, taken=taken, **known))
    assert says in evidence(found) and (found is None) == (says == "")


STARTED = {"status": "started", "charge_id": None}


@pytest.mark.parametrize(
    ("keys", "first", "second", "says"),
    [
        (("pay-a1",), {}, STARTED, ""),
        (("pay-a1",), {}, {}, "pay-a2 is charged (ch-1), and ch-1 was taken for pay-a1"),
        (("pay-a1",), STARTED, {}, "for pay-a1 (ch-1), and the table payment says started"),
        (("pay-a1",), STARTED, STARTED, "says started"),
        (("pay-a1", "pay-a2"), {}, {"charge_id": "ch-2"}, ""),
        (("pay-a1", "pay-a2"), {"charge_id": "ch-2"}, {}, "pay-a1 is charged (ch-2), and ch-2 was taken for pay-a2"),
        (("made-up",), {}, STARTED, ""),
        (("made-up",), STARTED, {}, ""),
        (("made-up",), STARTED, STARTED, "says started"),
        (("made-up",), {}, {}, "pay-a1 is charged (ch-1), and ch-1 was taken for pay-a2"),
        (("made-up", "made-up-too"), {"charge_id": "ch-2"}, {}, ""),
    ],
)
def test_of_two_wishes_with_one_body_each_note_names_its_own_charge(keys, first, second, says):
    notes = ({**NOTE, **first}, {**NOTE, "key": "pay-a2", **second})
    known = {"wishes": [WISH, SECOND], "reconciled": len(keys)}
    found = rule.nothing_is_taken_without_a_note(EMPTY, state(notes=notes, taken=[{**BODY, "key": key} for key in keys], **known))
    assert says in evidence(found) and (found is None) == (says == "")


def test_an_answer_names_no_charge_of_another_wish():
    answers = [(WISH, CHARGED), (SECOND, replace(CHARGED, key="pay-a2", id="ch-2"))]
    right = state(answers=answers, wishes=[WISH, SECOND], taken=[{**BODY, "key": "pay-a1"}, {**BODY, "key": "pay-a2"}])
    assert rule.every_answer_is_true(EMPTY, right) is None
    swapped = state(answers=answers, wishes=[WISH, SECOND], taken=[{**BODY, "key": "pay-a2"}, {**BODY, "key": "pay-a1"}])
    assert "pay-a1 was answered with ch-1, which was taken for pay-a2" in evidence(rule.every_answer_is_true(EMPTY, swapped))
