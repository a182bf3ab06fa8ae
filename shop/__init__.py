"""The shop that the learner programs: its commands, events, addresses and tables. Small enough to read in one sitting."""

from shop.addresses import Addresses
from shop.commands import Charge, PlaceOrder, Refund, Reserve
from shop.events import TOPIC, Event
from shop.network import Broken, Node, Refused, Unavailable
from shop.payments import Gateway, InProgress, KeyReused, Receipt, Unknown
from shop.prices import price_of

__all__ = [
    "TOPIC",
    "Addresses",
    "Broken",
    "Charge",
    "Event",
    "Gateway",
    "InProgress",
    "KeyReused",
    "Node",
    "PlaceOrder",
    "Receipt",
    "Refund",
    "Refused",
    "Reserve",
    "Unavailable",
    "Unknown",
    "price_of",
]
