"""Commands: what somebody wants the shop to do. Imperative; may be repeated by whoever did not hear the answer."""

from dataclasses import dataclass

__all__ = ["Charge", "Pack", "PlaceOrder", "Refund", "Reserve"]


@dataclass(frozen=True, kw_only=True)
class PlaceOrder:
    """Buy ``quantity`` of ``item`` for ``buyer``.

    The browser chooses ``purchase_id`` before it asks for the first time, and repeats the command with the *same* id
    until it has heard an answer.
    """

    purchase_id: str
    buyer: str
    item: str
    quantity: int = 1


@dataclass(frozen=True, kw_only=True)
class Reserve:
    """Keep every line of a basket for ``buyer``: all of it, or nothing.

    A line is an item and a quantity. Commands with different ids are different buyers' wishes.
    """

    reservation_id: str
    buyer: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Charge:
    """Take ``amount`` (in cents) from ``buyer`` for one purchase.

    ``key`` is the idempotency key: chosen once, stored, and repeated with every attempt of this very payment.
    """

    key: str
    purchase_id: str
    buyer: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class Refund:
    """Give back ``amount`` (in cents) of an earlier charge; ``key`` as in :class:`Charge`."""

    key: str
    charge_id: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Pack ``quantity`` of ``item`` for one purchase; ``key`` as in :class:`Charge`: one key, one parcel."""

    key: str
    purchase_id: str
    item: str
    quantity: int
