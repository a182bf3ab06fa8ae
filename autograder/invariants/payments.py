"""The rules of lab 2. Each is judged by what the gateway has taken, what the shop has noted and what buyers were told.

A scenario's ``known`` says which *wishes* there were (a key and a body: purchase, buyer, amount in cents), which *answers*
were given (a wish and what was returned), and which keys the gateway has declined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "a_key_keeps_its_first_body",
    "every_answer_is_true",
    "every_buyer_is_answered",
    "nothing_is_taken_without_a_note",
    "one_wish_one_charge",
    "the_same_key_gets_the_same_answer",
]

FIELDS = {"purchase_id": "purchase", "buyer": "buyer", "amount": "amount"}
"""What a body consists of, and what a reader calls it."""
BODY = tuple(FIELDS)
Wish = Mapping[str, Any]


def one_wish_one_charge(history: History, state: State) -> Violation | None:
    """One key is charged at most once, with the body that came with it, and nobody else is charged."""
    keys_of: dict[tuple[Any, ...], set[str]] = {}
    for wish in state.known.get("wishes", ()):
        keys_of.setdefault(_body(wish), set()).add(wish["key"])
    taken = Counter(_body(row) for row in state.charges)
    for body, count in taken.items():
        purchase_id, buyer, amount = body
        if body not in keys_of:
            return _violation(1, f"{buyer} was charged {euros(amount)} for {purchase_id}, which nobody asked for")
        if count > len(keys_of[body]):
            return _violation(
                1, f"{buyer} was charged {euros(amount)} for {purchase_id} {_times(count)}, and asked for it {_times(len(keys_of[body]))}"
            )
    for key in sorted({wish["key"] for wish in state.known.get("wishes", ())}):
        bodies = {body for body, keys in keys_of.items() if keys == {key}}
        if sum(taken[body] for body in bodies) > 1:
            return _violation(1, f"{key} was charged twice, with two bodies: a key stands for one payment")
    return None


def the_same_key_gets_the_same_answer(history: History, state: State) -> Violation | None:
    """The same key with the same body gets the same answer whenever it comes, also when the gateway has forgotten it."""
    first: dict[tuple[Any, ...], Any] = {}
    for wish, answer in state.known.get("answers", ()):
        known = first.setdefault((wish["key"], _body(wish)), answer)
        if known != answer:
            return _violation(2, f"{wish['key']} was answered {_told(known)}, and later {_told(answer)}")
    return None


def every_answer_is_true(history: History, state: State) -> Violation | None:
    """Every answer is true: charged says what the gateway has taken, declined says that it has refused and taken nothing."""
    charges = {row["id"]: row for row in state.charges}
    whose: dict[str, str] = {}
    for wish, answer in state.known.get("answers", ()):
        key, status = wish["key"], getattr(answer, "status", None)
        if getattr(answer, "key", None) != key or status not in ("charged", "declined"):
            return _violation(3, f"{key} was answered {_told(answer)}, where a Receipt of {key} says charged or declined")
        if status == "declined":
            if key not in state.known.get("declined", ()):
                return _violation(3, f"{key} was answered declined, and the gateway never declined it")
            if answer.id or answer.amount:
                return _violation(3, f"{key} was declined, and its receipt says {_told(answer)}: nothing was taken")
            continue
        row = charges.get(answer.id)
        if row is None or _body(row) != _body(wish) or answer.amount != row["amount"]:
            return _violation(3, f"{key} was answered {_told(answer)}, and the gateway has taken {_taken(state, wish)}")
        if whose.setdefault(answer.id, key) != key:
            return _violation(3, f"{key} and {whose[answer.id]} were both answered with {answer.id}: one charge, two payments")
        if _is_of_another(row, key, state):
            return _violation(3, f"{key} was answered with {answer.id}, which was taken for {row['key']}")
    return None


def a_key_keeps_its_first_body(history: History, state: State) -> Violation | None:
    """A key that comes again with another body (purchase, buyer or amount) is refused with KeyReused, today and tomorrow."""
    for first, end, other, other_end in state.known.get("reused", ()):
        ends = [end, other_end]
        if ends.count("returned") == 1 and "KeyReused" in ends and (end == "returned" or not state.known.get("strict")):
            continue
        [field] = [name for name in BODY if first[name] != other[name]]
        told = f"{_with(field, first)}: {_end(end)}, then {_with(field, other)}: {_end(other_end)}"
        return _violation(4, f"{first['key']} came {told}; the first is paid and the other {FIELDS[field]} gets KeyReused")
    return None


def every_buyer_is_answered(history: History, state: State) -> Violation | None:
    """Whoever asks again is answered in the end, and the reconciler comes to an end: who charges nobody breaks this rule."""
    trouble = state.known.get("trouble") or "it did not say why"
    for key in state.known.get("unanswered", ()):
        return _violation(5, f"{key} is asked for again and again and never answered: {trouble}")
    if state.known.get("finished") is False:
        return _violation(5, f"reconcile does not come to an end: {trouble}")
    counted = state.known.get("counted")
    if counted is not None and counted[0] != counted[1]:
        return _violation(5, f"reconcile returned {counted[0]} in all, and settled {counted[1]} payments")
    return None


def nothing_is_taken_without_a_note(history: History, state: State) -> Violation | None:
    """Once the reconciler has come by, the table payment says of every charge and every refusal what the gateway says."""
    if "reconciled" not in state.known:
        return None
    before = state.known["reconciled"]
    if len(state.charges) > before:
        row = state.charges[-1]
        return _violation(6, f"reconcile itself charged {row['buyer']} {euros(row['amount'])}: it finds out, it takes nothing")
    notes = {row["key"]: row for row in state.tables.get("payment", ())}
    for wish in state.known["wishes"]:
        note, taken = notes.get(wish["key"]), _charges_for(state, wish, notes)
        said = "nothing" if note is None else note["status"]
        if said == "charged" and (whose := _whose(note, wish, state, notes)):
            number = note["charge_id"]
            return _violation(6, f"the table payment says that {wish['key']} is charged ({number}), and {number} was taken for {whose}")
        if taken and (note is None or note["status"] != "charged" or note["charge_id"] != taken[0]["id"]):
            what = f"{euros(wish['amount'])} for {wish['key']} ({taken[0]['id']})"
            return _violation(6, f"the gateway has taken {what}, and the table payment says {said}")
        if not taken and said == "charged":
            return _violation(6, f"the table payment says that {wish['key']} is charged, and the gateway has taken nothing")
        if wish["key"] in state.known.get("reached", ()) and wish["key"] in state.known.get("declined", ()) and said != "declined":
            return _violation(6, f"the gateway has declined {wish['key']}, and the table payment says {said}")
        if said == "declined" and wish["key"] not in state.known.get("declined", ()):
            return _violation(6, f"the table payment says that {wish['key']} is declined, and the gateway never declined it")
    return None


RULES = {
    number: rule.__name__
    for number, rule in enumerate(
        (
            one_wish_one_charge,
            the_same_key_gets_the_same_answer,
            every_answer_is_true,
            a_key_keeps_its_first_body,
            every_buyer_is_answered,
            nothing_is_taken_without_a_note,
        ),
        start=1,
    )
}
"""Names of the rules by their number in the lab."""


def euros(cents: Any) -> str:
    """An amount as a reader wants to see it.

    >>> euros(4900)
    '49.00 euros'
    """
    return f"{cents / 100:.2f} euros" if isinstance(cents, int) else repr(cents)


def _violation(number: int, evidence: str) -> Violation:
    return Violation(rule=RULES[number], evidence=evidence)


def _body(row: Wish) -> tuple[Any, ...]:
    return tuple(row[name] for name in BODY)


def _charges_of(state: State, wish: Wish) -> list[Mapping[str, Any]]:
    return [row for row in state.charges if _body(row) == _body(wish)]


def _charges_for(state: State, wish: Wish, notes: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What was taken for this wish. Two wishes may have one body, and the gateway's key be made up from the shop's: then the
    charges that no note of a wish with this body names are everybody's of them."""
    rows = [row for row in _charges_of(state, wish) if not _is_of_another(row, wish["key"], state)]
    mine = [row for row in rows if row["key"] == wish["key"]]
    named = {key: notes[key]["charge_id"] for key in _keys_with(state, wish) if key in notes}
    mine = mine or [row for row in rows if row["id"] == named.get(wish["key"])]
    return mine or [row for row in rows if row["id"] not in named.values()]


def _keys_with(state: State, wish: Wish) -> set[str]:
    return {other["key"] for other in state.known["wishes"] if _body(other) == _body(wish)}


def _is_of_another(row: Mapping[str, Any], key: str, state: State) -> bool:
    """Does the key at the gateway say whose charge this is, and that it is somebody else's? A key may also be made up for it."""
    return row["key"] != key and row["key"] in {wish["key"] for wish in state.known.get("wishes", ())}


def _whose(note: Mapping[str, Any], wish: Wish, state: State, notes: Mapping[str, Mapping[str, Any]]) -> str:
    """The other wish that the charge belongs to which a note names; nothing when it is this one's."""
    for row in (row for row in state.charges if row["id"] == note["charge_id"]):
        if _is_of_another(row, wish["key"], state):
            return str(row["key"])
        if row["key"] == wish["key"]:
            return ""
    twice = (key for key in sorted(notes) if key != wish["key"] and notes[key]["charge_id"] == note["charge_id"])
    return next(twice, "")


def _taken(state: State, wish: Wish) -> str:
    ids: Iterable[str] = [row["id"] for row in _charges_of(state, wish)]
    return f"{' and '.join(ids)} for it" if ids else "nothing for it"


def _told(answer: Any) -> str:
    status = getattr(answer, "status", None)
    if status is None:
        return repr(answer)[:60]
    number = f" {answer.id}" if answer.id else ""
    return f"{status}{number} ({euros(answer.amount)})" if answer.amount else f"{status}{number}"


def _with(field: str, wish: Wish) -> str:
    """What a reader is told of the one thing that differs."""
    return f"with {euros(wish[field])}" if field == "amount" else f"with {FIELDS[field]} {wish[field]}"


def _end(end: str) -> str:
    return "a receipt" if end == "returned" else end or "no answer"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
