"""One number for all; the larger one replaces the smaller."""

import asyncio

from shop import Node


class LikeCounter:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.likes = 0

    async def like(self):
        self.likes += 1

    async def count(self):
        return self.likes

    async def merge(self, likes):
        self.likes = max(self.likes, likes)

    async def run(self):
        while True:
            for peer in self.node.peers:
                self.node.send(peer, "merge", self.likes)
            await asyncio.sleep(0.1)
