"""How a sale under load ended, in the words of the rules of a sale: from a recording to an :class:`Ending`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from autograder.explore.load_record import UNKNOWN, Recording
from autograder.history import History
from autograder.invariants import Invariant, State, Violation
from autograder.invariants.sale import Ending

__all__ = ["broken_by", "ending_of"]


def ending_of(
    recording: Recording, *, stock: int, waiting_max: int, key_of: Callable[[int], str], is_declined: Callable[[str], bool]
) -> Ending:
    """The ending of a sale whose recording read the tables ``purchase`` and ``shipment``.

    ``key_of`` is the key of a buyer by number, ``is_declined`` says of a key whether its card is no good.
    """
    tables = recording.state.get("tables", {})
    told: dict[str, list[str]] = {
        key_of(number): [word] for number, word in enumerate(recording.told) if word != UNKNOWN
    }
    for number, answer in recording.late:
        told.setdefault(key_of(number), []).append(str(answer.get("status")))
    keys = [key_of(number) for number in range(recording.buyers)]
    known = {
        "stock": stock,
        "waiting_max": waiting_max,
        "purchases": tables.get("purchase", ()),
        "shipments": tables.get("shipment", ()),
        "charges": recording.state.get("charges", ()),
        "refunds": recording.state.get("refunds", ()),
        "told": told,
        "declines": frozenset(key for key in keys if is_declined(key)),
        "gone": frozenset(keys[number] for number in recording.pending),
        "quiet": recording.finished,
        "trouble": next(iter(recording.errors), ""),
    }
    return Ending(**{one.name: known[one.name] for one in fields(Ending) if one.name in known})


def broken_by(ending: Ending, rules: tuple[Invariant, ...]) -> dict[str, Violation | None]:
    """What each rule says of this ending, by the rule's name."""
    state = State(moment="in the end", known={"sale": ending})
    return {rule.__name__: rule(History(run="sale"), state) for rule in rules}
