"""Operations of a bank and a social network, and what becomes of their invariants when a network partition comes.

Every operation is run on two kinds of store. One *answers on both sides* of the partition: each side decides by what it
has seen, and when the network heals each takes over what the other has recorded. One *waits*: the side without the
majority refuses. All ways to send the requests to the two sides are tried. An operation may stay available when no run
of the first store breaks its invariant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

__all__ = ["AVAILABLE", "OPERATIONS", "WAIT", "Entry", "Operation", "Run", "runs", "truth"]

AVAILABLE, WAIT = "available", "wait"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that a side has recorded and acknowledged."""

    moment: int
    """0: before the partition; then the number of the request."""
    side: str
    kind: str
    who: str = ""
    amount: int = 0
    said: object = None
    """What the caller was told."""


Ask = tuple[str, str, int]
"""What is asked: kind, who, amount."""
Decide = Callable[[tuple[Entry, ...], str, Ask], object]
"""What a side answers by what it has seen; None is a refusal."""
Holds = Callable[[tuple[Entry, ...]], bool]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation, its invariant, and the requests that put it to the test."""

    name: str
    of: str
    """``bank`` or ``social network``."""
    does: str
    invariant: str
    asks: tuple[Ask, ...]
    decide: Decide
    holds: Holds
    before: tuple[Entry, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Run:
    """One way to send the requests to the two sides, and everything that was recorded."""

    sides: tuple[str, ...]
    entries: tuple[Entry, ...]
    refused: int
    holds: bool


def runs(operation: Operation, *, both_sides: bool) -> Iterator[Run]:
    """Every run of an operation on the store that answers on both sides, or on the one that waits."""
    for sides in product(("here", "there"), repeat=len(operation.asks)):
        yield _run(operation, sides, both_sides)


def _run(operation: Operation, sides: tuple[str, ...], both_sides: bool) -> Run:
    entries, refused = operation.before, 0
    for moment, (side, ask) in enumerate(zip(sides, operation.asks, strict=True), start=1):
        seen = tuple(one for one in entries if one.moment == 0 or one.side == side)
        said = operation.decide(seen, side, ask) if both_sides or side == "here" else None
        if said is None:
            refused += 1
            continue
        kind, who, amount = ask
        entries = (*entries, Entry(moment=moment, side=side, kind=kind, who=who, amount=amount, said=said))
    return Run(sides=sides, entries=entries, refused=refused, holds=operation.holds(entries))


def truth() -> dict[str, str]:
    """What running shows: which operations may stay available."""
    return {
        one.name: AVAILABLE if all(run.holds for run in runs(one, both_sides=True)) else WAIT for one in OPERATIONS
    }


# ---- how sides decide, and what must hold


def _balance(entries: tuple[Entry, ...]) -> int:
    return sum(-one.amount if one.kind == "take" else one.amount for one in entries if one.kind in ("take", "pay in"))


def _yes(seen: tuple[Entry, ...], side: str, ask: Ask) -> object:
    return "done"


def _machine(seen: tuple[Entry, ...], side: str, ask: Ask) -> object:
    given = sum(one.amount for one in seen if one.kind == "take" and one.moment > 0)
    return "done" if given + ask[2] <= 50 else None


def _unless(kind: str) -> Decide:
    """Refuse what somebody has forbidden, as far as this side knows."""

    def decide(seen: tuple[Entry, ...], side: str, ask: Ask) -> object:
        return None if any(one.kind == kind for one in seen) else "done"

    return decide


def _never_after(kind: str, other: str) -> Holds:
    """Was nothing of the one kind done after the other had been acknowledged?"""

    def holds(entries: tuple[Entry, ...]) -> bool:
        forbidden = [one.moment for one in entries if one.kind == kind]
        return not any(one.kind == other and forbidden and one.moment > min(forbidden) for one in entries)

    return holds


def _statement(seen: tuple[Entry, ...], side: str, ask: Ask) -> object:
    return _balance(seen) if ask[0] == "print" else "done"


def _shows_everything(entries: tuple[Entry, ...]) -> bool:
    return all(
        one.said == _balance(tuple(other for other in entries if other.moment < one.moment))
        for one in entries
        if one.kind == "print"
    )


def _dated_statement(seen: tuple[Entry, ...], side: str, ask: Ask) -> object:
    """The date on it is the moment up to which this side has heard from the other: that of the partition."""
    return (0, _balance(tuple(one for one in seen if one.moment == 0))) if ask[0] == "print" else "done"


def _was_true_then(entries: tuple[Entry, ...]) -> bool:
    return all(
        one.said[1] == _balance(tuple(other for other in entries if other.moment <= one.said[0]))  # type: ignore[index]
        for one in entries
        if one.kind == "print"
    )


def _nth_like(seen: tuple[Entry, ...], side: str, ask: Ask) -> object:
    return f"yours is number {1 + sum(one.amount for one in seen)}"


def _one_winner(entries: tuple[Entry, ...]) -> bool:
    return sum(one.said == "yours is number 1000" for one in entries) <= 1


def _comment(seen: tuple[Entry, ...], side: str, ask: Ask) -> object:
    answers = ask[0] == "answer"
    return None if answers and not any(one.kind == "comment" for one in seen) else "done"


def _answers_follow(entries: tuple[Entry, ...]) -> bool:
    return all(
        any(other.kind == "comment" and other.moment < one.moment for other in entries)
        for one in entries
        if one.kind == "answer"
    )


def _free_name(seen: tuple[Entry, ...], side: str, ask: Ask) -> object:
    return None if any(one.kind == "take name" for one in seen) else "done"


def _one_owner(entries: tuple[Entry, ...]) -> bool:
    return sum(one.kind == "take name" for one in entries) <= 1


def _healed(entries: tuple[Entry, ...]) -> list[list[Entry]]:
    """What each side has when the network has healed: its own entries, and then what it took over from the other."""
    return [sorted(entries, key=lambda one: (one.moment > 0, one.side != side)) for side in ("here", "there")]


def _same_picture(entries: tuple[Entry, ...]) -> bool:
    """Each side goes through what it has and keeps the newest."""
    shown = [max(view, key=lambda one: (one.moment, one.side)).who for view in _healed(entries)]
    return len(set(shown)) == 1 and shown[0] in {one.who for one in entries}


def _all_are_there(entries: tuple[Entry, ...]) -> bool:
    acknowledged = sum(one.amount for one in entries if one.said == "done")
    return all(_balance(tuple(view)) == acknowledged for view in _healed(entries))


OPERATIONS = (
    Operation(
        name="cash_machine",
        of="bank",
        does="During a cut each side pays out at most 50 euros per card in all.",
        invariant="No account falls below −100 euros (there are two sides, and Ada has 20).",
        asks=(("take", "Ada", 50), ("take", "Ada", 50), ("take", "Ada", 20), ("take", "Ada", 50)),
        decide=_machine,
        holds=lambda entries: _balance(entries) >= -100,
        before=(Entry(moment=0, side="here", kind="pay in", who="Ada", amount=20),),
    ),
    Operation(
        name="pay_in",
        of="bank",
        does="A machine takes in money and records the amount.",
        invariant="When the two sides have met, the balance is the sum of everything that was acknowledged.",
        asks=(("pay in", "Ada", 100), ("pay in", "Ada", 30), ("pay in", "Bao", 5)),
        decide=_yes,
        holds=_all_are_there,
    ),
    Operation(
        name="block_card",
        of="bank",
        does="Ada reports her card as stolen; machines refuse a card that they know to be blocked.",
        invariant="Once the block is acknowledged, no machine pays on this card.",
        asks=(("block", "Ada", 0), ("take", "thief", 50)),
        decide=_unless("block"),
        holds=_never_after("block", "take"),
    ),
    Operation(
        name="statement",
        of="bank",
        does="A machine prints the balance.",
        invariant="The balance holds every booking that was acknowledged before it was printed.",
        asks=(("pay in", "Ada", 100), ("print", "Ada", 0)),
        decide=_statement,
        holds=_shows_everything,
    ),
    Operation(
        name="dated_statement",
        of="bank",
        does="A machine prints the balance of the last moment at which it was connected, with that date.",
        invariant="The printed balance is the account's balance at the printed date.",
        asks=(("pay in", "Ada", 100), ("print", "Ada", 0)),
        decide=_dated_statement,
        holds=_was_true_then,
    ),
    Operation(
        name="thousandth_like",
        of="social network",
        does="Whoever likes is told the number of the like. There have been 999.",
        invariant="At most one person is told that hers is number 1000 (she wins a lamp).",
        asks=(("like", "Ada", 1), ("like", "Bao", 1)),
        decide=_nth_like,
        holds=_one_winner,
        before=(Entry(moment=0, side="here", kind="like", amount=999),),
    ),
    Operation(
        name="comment",
        of="social network",
        does="People comment, and answer the comments that they see.",
        invariant="No answer is shown without the comment that it answers.",
        asks=(("comment", "Ada", 0), ("answer", "Bao", 0), ("answer", "Cleo", 0)),
        decide=_comment,
        holds=_answers_follow,
    ),
    Operation(
        name="user_name",
        of="social network",
        does="A newcomer takes a name that is free, as far as the replica knows.",
        invariant="No two people have the same name.",
        asks=(("take name", "Ada", 0), ("take name", "Bao", 0)),
        decide=_free_name,
        holds=_one_owner,
    ),
    Operation(
        name="picture",
        of="social network",
        does="Ada changes her picture, on her phone and on her desk; each picture carries the time at which it was set.",
        invariant="In the end everybody sees the same picture, and it is one that she set.",
        asks=(("set", "lamp.png", 0), ("set", "mug.png", 0), ("set", "cat.png", 0)),
        decide=_yes,
        holds=_same_picture,
        before=(Entry(moment=0, side="here", kind="set", who="face.png"),),
    ),
    Operation(
        name="mute",
        of="social network",
        does="Ada shuts out a stranger; replicas refuse whom they know to be shut out.",
        invariant="Once this is acknowledged, the stranger cannot write to her.",
        asks=(("mute", "Ada", 0), ("write", "stranger", 0)),
        decide=_unless("mute"),
        holds=_never_after("mute", "write"),
    ),
)
"""In the order in which the lab asks for them."""
