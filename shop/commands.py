"""Commands: what somebody wants the shop to do. Imperative; may be repeated by whoever did not hear the answer."""

from dataclasses import dataclass

__all__ = ["PlaceOrder"]


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
