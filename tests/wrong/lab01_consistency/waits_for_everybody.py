"""A like is acknowledged when all replicas have it."""

import asyncio

from shop import Node


class LikeCounter:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.likes = {}

    async def like(self):
        await self.store(self.node.name, self.likes.get(self.node.name, 0) + 1)
        await asyncio.gather(*(self.tell(peer) for peer in self.node.peers))

    async def tell(self, peer):
        while True:
            try:
                async with asyncio.timeout(0.1):
                    return await self.node.call(peer, "store", self.node.name, self.likes[self.node.name])
            except (TimeoutError, ConnectionError):
                continue

    async def store(self, replica, likes):
        self.likes[replica] = max(likes, self.likes.get(replica, 0))

    async def count(self):
        return sum(self.likes.values())
