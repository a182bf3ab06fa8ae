"""A write takes the next number of its own replica and asks nobody for the newest."""

import asyncio

from shop import Broken, Node, Unavailable


class QuorumRegister:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.stored = [[0, ""], None]
        self.given = 0

    async def read(self):
        newest = max(await self.majority("look"), key=lambda stored: stored[0])
        await self.majority("store", newest)
        return newest[1]

    async def write(self, value):
        self.given += 1
        await self.majority("store", [[self.given, self.node.name], value])

    async def look(self):
        return self.stored

    async def store(self, stored):
        if stored[0] > self.stored[0]:
            self.stored = stored

    async def majority(self, method, *args):
        answers = [await getattr(self, method)(*args)]
        asking = [asyncio.create_task(self.ask(peer, method, *args)) for peer in self.node.peers]
        try:
            for answer in asyncio.as_completed(asking):
                answers.append(await answer)
                if 2 * len(answers) > len(self.node.peers) + 1:
                    break
            return answers
        finally:
            for task in asking:
                task.cancel()

    async def ask(self, peer, method, *args):
        while True:
            try:
                async with asyncio.timeout(0.1):
                    return await self.node.call(peer, method, *args)
            except (TimeoutError, ConnectionError, Broken, Unavailable):
                await asyncio.sleep(0.02)
