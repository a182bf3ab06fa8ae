"""Requests of one instance stand in line for a buyer's cart; those of other instances are told apart by the version."""

from __future__ import annotations

import asyncio
from itertools import count

from shop import Node

LOCKS: dict[str, asyncio.Lock] = {}
TURN = count()


async def add_to_cart(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> dict:
    async with LOCKS.setdefault(buyer, asyncio.Lock()):
        written = False
        while not written:
            found = await node.call("store", "read", buyer)
            cart = found["value"] or {"items": {}, "seen": {}}
            if request_id in cart["seen"]:
                break
            cart["items"][item] = cart["items"].get(item, 0) + quantity
            cart["seen"][request_id] = node.name
            written = await node.call("store", "write", buyer, cart, found["version"])
        return cart["items"]


async def show_cart(node: Node, buyer: str) -> dict:
    found = await node.call("store", "read", buyer)
    return found["value"]["items"] if found["value"] else {}


def bottleneck() -> dict:
    return {"system": "edsger-dijkstra-8489", "scale_first": "service", "orders_per_s": 385}


def pick(node: Node, in_flight: list[int], recent_ms: list[float]) -> int:
    turn = next(TURN)
    order = [(turn + step) % len(in_flight) for step in range(len(in_flight))]
    return min(order, key=lambda instance: in_flight[instance])
