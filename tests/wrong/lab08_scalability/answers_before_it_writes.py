"""The buyer is answered at once, and the cart is written in the background."""

from __future__ import annotations

import asyncio

from shop import Node

TASKS: set[asyncio.Task] = set()
EMPTY = {"items": {}, "requests": []}


async def read(node: Node, key: str) -> tuple[object, int]:
    found = await node.call("store", "read", key)
    return found["value"], found["version"]


async def write(node: Node, key: str, value: object, version: int | None = None) -> bool:
    return await node.call("store", "write", key, value, version)


async def add_to_cart(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> dict:
    cart, _ = await read(node, buyer)
    task = asyncio.create_task(keep(node, request_id, buyer, item, quantity))
    TASKS.add(task)
    return with_item(cart or EMPTY, request_id, item, quantity)["items"]


async def keep(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> None:
    while True:
        cart, version = await read(node, buyer)
        cart = cart or EMPTY
        if request_id in cart["requests"] or await write(node, buyer, with_item(cart, request_id, item, quantity), version):
            return


def with_item(cart: dict, request_id: str, item: str, quantity: int) -> dict:
    items = {**cart["items"], item: cart["items"].get(item, 0) + quantity}
    return {"items": items, "requests": [*cart["requests"], request_id]}


async def show_cart(node: Node, buyer: str) -> dict:
    cart, _ = await read(node, buyer)
    return (cart or EMPTY)["items"]
