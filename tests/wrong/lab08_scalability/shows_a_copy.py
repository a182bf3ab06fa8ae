"""Every instance shows the copy that it kept when it was asked last."""

from __future__ import annotations

from shop import Node

EMPTY = {"items": {}, "requests": []}
COPIES: dict[str, dict] = {}


async def read(node: Node, key: str) -> tuple[object, int]:
    found = await node.call("store", "read", key)
    return found["value"], found["version"]


async def write(node: Node, key: str, value: object, version: int | None = None) -> bool:
    return await node.call("store", "write", key, value, version)


async def add_to_cart(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> dict:
    while True:
        cart, version = await read(node, buyer)
        cart = cart or EMPTY
        if request_id not in cart["requests"]:
            cart = with_item(cart, request_id, item, quantity)
            if not await write(node, buyer, cart, version):
                continue
        COPIES[buyer] = cart["items"]
        return cart["items"]


async def show_cart(node: Node, buyer: str) -> dict:
    if buyer not in COPIES:
        cart, _ = await read(node, buyer)
        COPIES[buyer] = (cart or EMPTY)["items"]
    return COPIES[buyer]


def with_item(cart: dict, request_id: str, item: str, quantity: int) -> dict:
    items = {**cart["items"], item: cart["items"].get(item, 0) + quantity}
    return {"items": items, "requests": [*cart["requests"], request_id]}
