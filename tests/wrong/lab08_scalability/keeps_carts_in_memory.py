"""The naive version: carts live in a dict of the process that was asked."""

from __future__ import annotations

from shop import Node

CARTS: dict[str, dict] = {}


async def naive_add_to_cart(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> dict:
    cart = CARTS.setdefault(buyer, {})
    cart[item] = cart.get(item, 0) + quantity
    return cart


async def naive_show_cart(node: Node, buyer: str) -> dict:
    return CARTS.get(buyer, {})
