"""The shop that the learner programs: its commands, events, addresses and tables. Small enough to read in one sitting."""

from shop.addresses import Addresses
from shop.book import Book, Statements
from shop.commands import Charge, Pack, PlaceOrder, Refund, Reserve
from shop.delivery import ATTEMPTS, DEAD_LETTERS, GROUP, is_drained, member
from shop.events import TOPIC, Event
from shop.network import Broken, Node, Refused, Unavailable
from shop.parcels import Parcel, Warehouse
from shop.payments import Gateway, InProgress, KeyReused, Receipt, Unknown
from shop.prices import price_of
from shop.sale import Sale, SaleTerms

__all__ = [
    "ATTEMPTS",
    "DEAD_LETTERS",
    "GROUP",
    "TOPIC",
    "Addresses",
    "Book",
    "Broken",
    "Charge",
    "Event",
    "Gateway",
    "InProgress",
    "KeyReused",
    "Node",
    "Pack",
    "Parcel",
    "PlaceOrder",
    "Receipt",
    "Refund",
    "Refused",
    "Reserve",
    "Sale",
    "SaleTerms",
    "Statements",
    "Unavailable",
    "Unknown",
    "Warehouse",
    "is_drained",
    "member",
    "price_of",
]
