"""The eighty seconds of lab 11's shop before anything breaks: who orders when, and the small troubles of any ordinary day.

They are the same in the run with the fault and in the run without it, so that what differs is the fault's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

__all__ = ["Day", "Order", "ordinary_day"]

ITEMS = ("lamp", "mug", "kettle", "chair")
SALE = "vase"
"""What everybody wants at once when its sale opens: nobody has looked at its price for longer than a price is kept."""
SALES_S = (6.0, 30.0, 54.0)
SALE_BUYERS = 12
LAST_ORDER_S = 62.0
BETWEEN_S = 1.1
PARTITIONS = 3
DECLINED, LOST, STUMBLES, UNSENT = 0.16, 0.16, 0.12, 0.14


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order, and what an ordinary day does to it."""

    id: str
    correlation_id: str
    item: str
    at_s: float
    partition: int
    declined: bool = False
    """The bank says no."""
    answers_lost: int = 0
    """How many answers of the gateway never arrive."""
    stumbles: bool = False
    """The warehouse succeeds at its second attempt."""
    poison: bool = False
    """The warehouse can never pack it."""
    unsent: bool = False
    """Kafka refuses its message once."""
    bounced: bool = False
    """The buyer's mailbox is full: an ERROR line, and nothing depends on it."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """Orders, and what is deployed when."""

    orders: tuple[Order, ...]
    deploys: tuple[tuple[float, str], ...]
    hiccup_s: float
    """When the gateway refuses everybody for a second."""


def ordinary_day(chance: Random, fault_s: float) -> Day:
    """The day that a seed draws; ``fault_s`` is when something will break, if anything does."""
    moments = [(at_s, ITEMS[chance.randrange(len(ITEMS))]) for at_s in _arrivals(chance)]
    for sale_s in SALES_S:
        begin_s = sale_s + chance.uniform(-0.8, 0.8)
        moments += [(begin_s + chance.uniform(0, 0.25), SALE) for _ in range(SALE_BUYERS)]
    moments.sort()
    poison = {chance.randrange(4, 10), *(place for place in _after(moments, fault_s + 2, fault_s + 12)[:1])}
    unlucky = chance.choice([place for place in range(10, len(moments)) if moments[place][0] < fault_s - 7] or [10])
    names = chance.sample(range(100, 1000), len(moments))
    orders = tuple(
        _order(chance, f"p-{names[place]}", at_s, item, poison=place in poison, unlucky=place == unlucky)
        for place, (at_s, item) in enumerate(moments)
    )
    deploys = tuple(
        (chance.uniform(3, 60), service) for service in chance.sample(("api", "cache", "stock", "payment", "relay", "warehouse"), 4)
    )
    return Day(orders=orders, deploys=deploys, hiccup_s=_apart(chance, moments, fault_s))


def _apart(chance: Random, moments: list[tuple[float, str]], fault_s: float) -> float:
    """A moment soon after the fault, and well away from every sale: an ordinary day survives its hiccup."""
    sales_s = [at_s for at_s, item in moments if item == SALE]
    while True:
        found_s = fault_s + chance.uniform(1, 16)
        if all(abs(found_s - sale_s) > 2.5 for sale_s in sales_s):
            return found_s


def _arrivals(chance: Random) -> list[float]:
    found, now_s = [], 0.5
    while now_s < LAST_ORDER_S:
        found.append(round(now_s, 3))
        now_s += chance.expovariate(1 / BETWEEN_S)
    return found


def _after(moments: list[tuple[float, str]], from_s: float, until_s: float) -> list[int]:
    return [place for place, (at_s, item) in enumerate(moments) if from_s <= at_s < until_s and item != SALE]


def _order(chance: Random, name: str, at_s: float, item: str, *, poison: bool, unlucky: bool) -> Order:
    draws = {what: chance.random() < share for what, share in zip("dlsub", (DECLINED, LOST, STUMBLES, UNSENT, 0.07), strict=True)}
    correlation_id = f"{chance.getrandbits(32):08x}"
    partition = chance.randrange(PARTITIONS)
    ordinary = not poison and not unlucky
    return Order(
        id=name,
        correlation_id=correlation_id,
        item=item,
        at_s=at_s,
        partition=partition,
        declined=draws["d"] and ordinary,
        answers_lost=3 if unlucky else int(draws["l"] and ordinary and not draws["d"]),
        stumbles=draws["s"] and ordinary,
        poison=poison,
        unsent=draws["u"] and ordinary,
        bounced=draws["b"],
    )
