"""A busy day of the shop as a list of events, the same for the same number: what a topic has to carry."""

from __future__ import annotations

from itertools import count
from random import Random

from shop.events import Event

__all__ = ["PEAK_PER_S", "WORKED_OFF_PER_S", "busy_day"]

PEAK_PER_S = 300
"""Events per second in the busiest hour."""
WORKED_OFF_PER_S = 50
"""Events per second that one consumer works off."""
PURCHASES = 6000
HOTEL = "Grand Hotel"
ITEMS = ("lamp", "mug", "kettle", "chair", "vase", "bulb", "desk", "rug")


def busy_day(number: int) -> list[Event]:
    """The events of one day. One hotel buys a fifth of everything, and half of all purchases are lamps."""
    chance = Random(f"day {number}")
    open_ones = [_purchase(chance, f"p-{number}-{name}") for name in range(1, PURCHASES + 1)]
    events: list[Event] = []
    while open_ones:
        place = chance.randrange(len(open_ones))
        versions = open_ones[place]
        events.append(versions.pop(0))
        if not versions:
            open_ones[place] = open_ones[-1]
            open_ones.pop()
    return events


def _purchase(chance: Random, purchase_id: str) -> list[Event]:
    """Placed, perhaps changed, paid, packed."""
    buyer = HOTEL if chance.random() < 0.2 else f"buyer {chance.randrange(4000)}"
    item = "lamp" if chance.random() < 0.5 else chance.choice(ITEMS[1:])
    payload = {"buyer": buyer, "item": item, "quantity": 1}
    kinds = ["OrderPlaced", *["OrderChanged"] * chance.choice((0, 0, 1)), "OrderPaid"]
    versions = count(1)
    return [Event(purchase_id=purchase_id, version=next(versions), kind=kind, payload=payload) for kind in kinds]
