"""The naive hand-in of lab 8: carts in the memory of whoever was asked, the API first, and everybody in turn."""

from __future__ import annotations

from itertools import count

from shop import Node

__all__ = ["add_to_cart", "bottleneck", "pick", "show_cart"]

_CARTS: dict[str, dict[str, int]] = {}
_TURNS = count()


async def add_to_cart(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> dict[str, int]:
    """Add to the buyer's cart, and answer with it."""
    cart = _CARTS.setdefault(buyer, {})
    cart[item] = cart.get(item, 0) + quantity
    return cart


async def show_cart(node: Node, buyer: str) -> dict[str, int]:
    """The buyer's cart, as this process knows it."""
    return _CARTS.get(buyer, {})


def bottleneck() -> dict[str, object]:
    """More instances of the API are cheap; twice as many will do twice as much."""
    return {"system": "ada-lovelace-1205", "scale_first": "api", "orders_per_s": 566}


def pick(node: Node, in_flight: list[int], recent_ms: list[float]) -> int:
    """Every instance in turn."""
    return next(_TURNS) % len(in_flight)
