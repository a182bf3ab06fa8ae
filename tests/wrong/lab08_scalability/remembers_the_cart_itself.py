"""The cart is in the memory of one process, with the ids of its requests."""

from __future__ import annotations

from shop import Node

CARTS: dict[str, dict] = {}
SEEN: set[str] = set()


async def add_to_cart(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> dict:
    cart = CARTS.setdefault(buyer, {})
    if request_id not in SEEN:
        SEEN.add(request_id)
        cart[item] = cart.get(item, 0) + quantity
    return cart


async def show_cart(node: Node, buyer: str) -> dict:
    return CARTS.get(buyer, {})
