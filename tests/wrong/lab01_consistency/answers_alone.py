"""Every replica answers at once and tells the others afterwards."""

import asyncio

from shop import Node


class QuorumRegister:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.stored = [[0, ""], None]

    async def read(self):
        return self.stored[1]

    async def write(self, value):
        self.stored = [[self.stored[0][0] + 1, self.node.name], value]

    async def merge(self, stored):
        if stored[0] > self.stored[0]:
            self.stored = stored

    async def run(self):
        while True:
            for peer in self.node.peers:
                self.node.send(peer, "merge", self.stored)
            await asyncio.sleep(0.1)
