"""Two correct parts, one behind the other: the order goes out, and the money may never come."""

from __future__ import annotations

from shop import Addresses, Charge, Gateway, PlaceOrder
from shop.parts import place_order

PRICE = 4_900


def naive_checkout(at: Addresses, command: PlaceOrder) -> str:
    place_order(at, command)
    charge = Charge(
        key=command.purchase_id, purchase_id=command.purchase_id, buyer=command.buyer, amount=PRICE * command.quantity
    )
    return "placed" if Gateway(at.gateway).charge(charge).status == "charged" else "declined"
