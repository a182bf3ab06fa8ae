"""For each item the last word counts, by the clock: a removal beats an addition that it has never seen."""

import asyncio
import time

from shop import Node


class Cart:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.last = {}

    async def add(self, item):
        self.last[item] = [time.time(), True]

    async def remove(self, item):
        self.last[item] = [time.time(), False]

    async def items(self):
        return sorted(item for item, (_, is_there) in self.last.items() if is_there)

    async def merge(self, last):
        for item, word in last.items():
            self.last[item] = max(word, self.last.get(item, word))

    async def run(self):
        while True:
            for peer in self.node.peers:
                self.node.send(peer, "merge", self.last)
            await asyncio.sleep(0.1)
