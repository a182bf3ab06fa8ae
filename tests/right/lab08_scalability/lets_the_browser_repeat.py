"""Whoever loses a conflict raises an error, and the browser asks the next instance; two choices pick."""

from __future__ import annotations

import random

from shop import Node, Unavailable

EMPTY = {"items": {}, "requests": []}


async def read(node: Node, key: str) -> tuple[object, int]:
    found = await node.call("store", "read", key)
    return found["value"], found["version"]


async def write(node: Node, key: str, value: object, version: int | None = None) -> bool:
    return await node.call("store", "write", key, value, version)


async def add_to_cart(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> dict:
    cart, version = await read(node, buyer)
    cart = cart or EMPTY
    if request_id not in cart["requests"]:
        cart = with_item(cart, request_id, item, quantity)
        if not await write(node, buyer, cart, version):
            raise Unavailable("somebody else has changed this cart")
    return cart["items"]


def with_item(cart: dict, request_id: str, item: str, quantity: int) -> dict:
    items = {**cart["items"], item: cart["items"].get(item, 0) + quantity}
    return {"items": items, "requests": [*cart["requests"], request_id]}


async def show_cart(node: Node, buyer: str) -> dict:
    cart, _ = await read(node, buyer)
    return (cart or EMPTY)["items"]


def bottleneck() -> dict:
    return {"system": "grace-hopper-b21b", "scale_first": "pool", "orders_per_s": 199}


def pick(node: Node, in_flight: list[int], recent_ms: list[float]) -> int:
    one, other = random.sample(range(len(in_flight)), 2)
    return one if in_flight[one] <= in_flight[other] else other
