"""The cart that was changed last replaces the other."""

import asyncio
import time

from shop import Node


class Cart:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.held, self.changed_at = [], 0.0

    async def add(self, item):
        self.held, self.changed_at = [*self.held, item], time.time()

    async def remove(self, item):
        self.held, self.changed_at = [one for one in self.held if one != item], time.time()

    async def items(self):
        return self.held

    async def merge(self, held, changed_at):
        if changed_at > self.changed_at:
            self.held, self.changed_at = held, changed_at

    async def run(self):
        while True:
            for peer in self.node.peers:
                self.node.send(peer, "merge", self.held, self.changed_at)
            await asyncio.sleep(0.1)
