"""The cart is a line for each request, so that a repeat is the same line; work that waits is weighed by how slow it is."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from shop import Node


async def read(node: Node, key: str) -> tuple[object, int]:
    found = await node.call("store", "read", key)
    return found["value"], found["version"]


async def write(node: Node, key: str, value: object, version: int | None = None) -> bool:
    return await node.call("store", "write", key, value, version)


async def add_to_cart(node: Node, request_id: str, buyer: str, item: str, quantity: int) -> dict:
    for _ in range(20):
        lines, version = await read(node, f"cart of {buyer}")
        lines = {**(lines or {}), request_id: [item, quantity]}
        try:
            async with asyncio.timeout(0.1):
                written = await write(node, f"cart of {buyer}", lines, version)
        except TimeoutError:
            continue  # perhaps it was written: the next round finds out
        if written:
            return total(lines)
    raise RuntimeError("twenty others were faster")


async def show_cart(node: Node, buyer: str) -> dict:
    lines, _ = await read(node, f"cart of {buyer}")
    return total(lines or {})


def total(lines: dict) -> dict:
    found: Counter = Counter()
    for item, quantity in lines.values():
        found[item] += quantity
    return dict(found)


def bottleneck() -> dict:
    return {"system": "barbara-liskov-ccb2", "scale_first": "database", "orders_per_s": 590.0}


def pick(node: Node, in_flight: list[int], recent_ms: list[float]) -> int:
    known = [ms for ms in recent_ms if ms]
    usual = sum(known) / len(known) if known else 1.0
    return min(range(len(in_flight)), key=lambda one: ((in_flight[one] + 1) * (recent_ms[one] or usual), random.random()))
