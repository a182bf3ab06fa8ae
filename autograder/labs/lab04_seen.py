"""What others can see of a saga that is under way: a saga is run, and after every call somebody looks from outside.

The saga is another one than the learner's: a gift order, which takes the money first. What is seen is computed and not
written down here: change a step of :func:`_gift` and the truth changes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from autograder.explore.answers import BackendSheet
from autograder.explore.lane import Lane
from autograder.invariants import saga as rule
from shop import Charge, Gateway, Pack, Refund, Unavailable, Warehouse

__all__ = ["CLAIMS", "NEVER", "SEEN", "SHEET", "Look", "looks"]

SEEN, NEVER = "seen", "never"
KEY, BUYER, ITEM, QUANTITY, AMOUNT, HAD = "g-1", "Bao", "mug", 2, 9_800, 5


@dataclass(frozen=True, kw_only=True)
class Look:
    """Everything that can be seen at one moment, by somebody who takes part in nothing."""

    status: str
    """Of the order; empty while there is none."""
    free: int
    """Mugs on the shelf."""
    held: int
    """Bao's money with the shop, in cents."""
    parcels: int
    returned: int
    sold_in_the_end: bool = False


Claim = Callable[[Look], bool]

CLAIMS: Mapping[str, tuple[str, Claim]] = {
    "s1": ("The shop has Bao's money, and there is no order.", lambda look: look.held > 0 and not look.status),
    "s2": ("There is an order, and its mugs are still on the shelf.", lambda look: look.status == "pending" and look.free == HAD),
    "s3": (
        "The order is pending, Bao has paid, and no parcel is packed.",
        lambda look: look.status == "pending" and look.held > 0 and not look.parcels,
    ),
    "s4": ("The order is pending, and the shop has no money for it.", lambda look: look.status == "pending" and not look.held),
    "s5": ("A parcel is packed, and the order is still pending.", lambda look: bool(look.parcels) and look.status == "pending"),
    "s6": (
        "The mugs are on the shelf again, and the order is not cancelled yet.",
        lambda look: look.status not in ("", "cancelled") and look.free == HAD,
    ),
    "s7": ("The order is cancelled, and the shop still has Bao's money.", lambda look: look.status == "cancelled" and look.held > 0),
    "s8": ("Bao has the money back, and the order is not cancelled yet.", lambda look: look.returned > 0 and look.status != "cancelled"),
    "s9": ("A parcel is packed, and the money went back.", lambda look: bool(look.parcels) and look.returned > 0),
    "s10": (
        "Two mugs fewer are on offer, though in the end none is sold.",
        lambda look: look.free < HAD and not look.sold_in_the_end,
    ),
}
"""What is claimed, and how it is recognised in a look."""


def looks(lane: Lane) -> Iterator[Look]:
    """Run the gift order, once with a warehouse that packs and once with one that stands still, looking after every call."""
    for mood in ("", "stands still"):
        lane.reset()
        lane.warehouse.reset(mood)
        lane.database.execute("insert into stock (item, free) values (%s, %s)", [ITEM, HAD])
        seen = [_look(lane) for _ in _gift(lane)]
        yield from (Look(**{**vars(look), "sold_in_the_end": seen[-1].parcels > 0}) for look in seen)


def _gift(lane: Lane) -> Iterator[str]:
    """The saga, step by step: money, then order and shelf in one transaction, then the parcel; or all of it backwards."""
    gateway, warehouse = Gateway(lane.gateway.address), Warehouse(lane.warehouse.address)
    charged = gateway.charge(Charge(key=KEY, purchase_id=KEY, buyer=BUYER, amount=AMOUNT))
    yield "POST /charges"
    with _steps(lane) as step:
        yield step("begin")
        yield step(f"insert into purchase (id, buyer, item, quantity, amount) values ('{KEY}', '{BUYER}', '{ITEM}', 2, {AMOUNT})")
        yield step(f"update stock set free = free - {QUANTITY} where item = '{ITEM}'")
        yield step("commit")
        try:
            warehouse.pack(Pack(key=KEY, purchase_id=KEY, item=ITEM, quantity=QUANTITY))
            yield "POST /parcels"
            yield step("update purchase set status = 'confirmed'")
            return
        except Unavailable:
            yield "POST /parcels"
        yield step("begin")
        yield step(f"update stock set free = free + {QUANTITY} where item = '{ITEM}'")
        yield step("update purchase set status = 'cancelled'")
        yield step("commit")
    gateway.refund(Refund(key=f"{KEY}-refund", charge_id=charged.id, amount=AMOUNT))
    yield "POST /refunds"


@contextmanager
def _steps(lane: Lane) -> Iterator[Callable[[str], str]]:
    with lane.session() as session:

        def step(sql: str) -> str:
            session.execute(sql)  # type: ignore[call-overload]
            return sql

        yield step


def _look(lane: Lane) -> Look:
    orders, ledger = lane.rows("purchase"), lane.ledger()
    returned = sum(row["amount"] for row in ledger["refunds"])
    return Look(
        status=orders[0]["status"] if orders else "",
        free=lane.rows("stock")[0]["free"],
        held=sum(row["amount"] for row in ledger["charges"]) - returned,
        parcels=len(lane.warehouse.parcels()),
        returned=returned,
    )


def _truth(lane: Any) -> Mapping[str, str]:
    seen = tuple(looks(lane))
    return {name: SEEN if any(claim(look) for look in seen) else NEVER for name, (_, claim) in CLAIMS.items()}


ISOLATED = "a saga is taken for a transaction: nobody sees it before its end"
SEE_THROUGH = "what is not committed is thought to be seen"
FORWARDS = "undoing is thought to begin with the first step"


def _belief(answers: Mapping[str, Any]) -> str:
    """The wrong belief that a sheet shows; nothing where it shows none that is known."""
    says = {answer: {name for name in CLAIMS if answers.get(name) == answer} for answer in (SEEN, NEVER)}
    if {"s1", "s3", "s5"} <= says[NEVER]:
        return ISOLATED
    if {"s2", "s6"} <= says[SEEN]:
        return SEE_THROUGH
    return FORWARDS if "s8" in says[SEEN] and "s7" in says[NEVER] else ""


def _better_than_guessing(right: int, asked: int) -> float:
    """Half of the answers is what a coin gets right; only what is above earns anything."""
    return max(0.0, 2 * right / asked - 1)


SHEET = BackendSheet(
    name="seen",
    title="What others see of a saga that is under way",
    function="seen",
    questions={name: (SEEN, NEVER) for name in CLAIMS},
    find=_truth,
    rule=rule.the_predictions_are_right,
    worth=_better_than_guessing,
    belief=_belief,
    needs=("seen",),
    read="A saga is ACD: everybody sees the middle",
)
