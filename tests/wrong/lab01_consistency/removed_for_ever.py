"""What was removed once never comes back, although it was added again."""

import asyncio

from shop import Node


class Cart:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.added, self.removed = set(), set()

    async def add(self, item):
        self.added.add(item)

    async def remove(self, item):
        self.removed.add(item)

    async def items(self):
        return sorted(self.added - self.removed)

    async def merge(self, added, removed):
        self.added |= set(added)
        self.removed |= set(removed)

    async def run(self):
        while True:
            for peer in self.node.peers:
                self.node.send(peer, "merge", sorted(self.added), sorted(self.removed))
            await asyncio.sleep(0.1)
