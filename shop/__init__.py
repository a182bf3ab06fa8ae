"""The shop that the learner programs: its commands, events, addresses and tables. Small enough to read in one sitting."""

from shop.addresses import Addresses
from shop.commands import PlaceOrder, Reserve
from shop.events import TOPIC, Event
from shop.network import Broken, Node, Refused, Unavailable
from shop.prices import price_of

__all__ = [
    "TOPIC",
    "Addresses",
    "Broken",
    "Event",
    "Node",
    "PlaceOrder",
    "Refused",
    "Reserve",
    "Unavailable",
    "price_of",
]
