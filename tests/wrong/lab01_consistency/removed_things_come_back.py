"""Replicas join their items, so what one has removed is brought back by another."""

import asyncio

from shop import Node


class Cart:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.held = set()

    async def add(self, item):
        self.held.add(item)

    async def remove(self, item):
        self.held.discard(item)

    async def items(self):
        return sorted(self.held)

    async def merge(self, held):
        self.held |= set(held)

    async def run(self):
        while True:
            for peer in self.node.peers:
                self.node.send(peer, "merge", sorted(self.held))
            await asyncio.sleep(0.1)
