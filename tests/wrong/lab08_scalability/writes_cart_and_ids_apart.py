"""The ids of requests are kept under another key than the cart."""

from __future__ import annotations

from shop import Node


async def read(node: Node, key: str) -> tuple[object, int]:
    found = await node.call("store", "read", key)
    return found["value"], found["version"]


async def write(node: Node, key: str, value: object, version: int | None = None) -> bool:
    return await node.call("store", "write", key, value, version)


async def add_to_cart(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> dict:
    seen, _ = await read(node, f"request {request_id}")
    cart, version = await read(node, buyer)
    cart = cart or {}
    while not seen:
        changed = {**cart, item: cart.get(item, 0) + quantity}
        if await write(node, buyer, changed, version):
            await write(node, f"request {request_id}", True)
            return changed
        cart, version = await read(node, buyer)
    return cart


async def show_cart(node: Node, buyer: str) -> dict:
    cart, _ = await read(node, buyer)
    return cart or {}
