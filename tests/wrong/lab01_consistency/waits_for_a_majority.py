"""A like is acknowledged when a majority has it, so the replica that is alone acknowledges none."""

import asyncio

from shop import Node


class LikeCounter:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.likes = {node.name: 0}

    async def like(self):
        likes = self.likes[self.node.name] + 1
        await self.store(self.node.name, likes)
        telling = [asyncio.create_task(self.tell(peer, likes)) for peer in self.node.peers]
        await asyncio.wait(telling, return_when=asyncio.FIRST_COMPLETED)

    async def tell(self, peer, likes):
        while True:
            try:
                async with asyncio.timeout(0.1):
                    return await self.node.call(peer, "store", self.node.name, likes)
            except (TimeoutError, ConnectionError):
                await asyncio.sleep(0.05)

    async def store(self, replica, likes):
        self.likes[replica] = max(likes, self.likes.get(replica, 0))

    async def count(self):
        return sum(self.likes.values())
