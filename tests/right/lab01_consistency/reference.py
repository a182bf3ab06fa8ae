"""One number per replica; a majority with versions and write-back; additions that are told apart."""

import asyncio

from shop import Broken, Node, Unavailable


class LikeCounter:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.likes = {node.name: 0}

    async def like(self) -> None:
        self.likes[self.node.name] += 1

    async def count(self) -> int:
        return sum(self.likes.values())

    async def merge(self, likes: dict[str, int]) -> None:
        for replica, count in likes.items():
            self.likes[replica] = max(count, self.likes.get(replica, 0))

    async def run(self) -> None:
        while True:
            for peer in self.node.peers:
                self.node.send(peer, "merge", self.likes)
            await asyncio.sleep(0.1)


def histories() -> dict[str, str]:
    return {
        "h1": "linearizable",
        "h2": "sequential",
        "h3": "neither",
        "h4": "linearizable",
        "h5": "sequential",
        "h6": "linearizable",
        "h7": "neither",
        "h8": "neither",
    }


def operations() -> dict[str, str]:
    return {
        "cash_machine": "available",
        "pay_in": "available",
        "block_card": "wait",
        "statement": "wait",
        "dated_statement": "available",
        "thousandth_like": "wait",
        "comment": "available",
        "user_name": "wait",
        "picture": "available",
        "mute": "wait",
    }


class QuorumRegister:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.stored = [[0, ""], None]  # version and value; a version is a number and the replica that gave it
        self.given = 0

    async def read(self) -> object:
        newest = max(await self.majority("look"), key=lambda stored: stored[0])
        await self.majority("store", newest)
        return newest[1]

    async def write(self, value: object) -> None:
        newest = max(stored[0][0] for stored in await self.majority("look"))
        self.given = max(newest, self.given) + 1
        await self.majority("store", [[self.given, self.node.name], value])

    async def look(self) -> list:
        return self.stored

    async def store(self, stored: list) -> None:
        if stored[0] > self.stored[0]:
            self.stored = stored

    async def majority(self, method: str, *args: object) -> list:
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

    async def ask(self, peer: str, method: str, *args: object) -> object:
        while True:
            try:
                async with asyncio.timeout(0.1):
                    return await self.node.call(peer, method, *args)
            except (TimeoutError, ConnectionError, Broken, Unavailable):
                await asyncio.sleep(0.02)


class Cart:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.added: dict[str, str] = {}
        self.removed: set[str] = set()

    async def add(self, item: str) -> None:
        self.added[f"{self.node.name}/{len(self.added)}"] = item

    async def remove(self, item: str) -> None:
        self.removed |= {one for one, what in self.added.items() if what == item}

    async def items(self) -> list[str]:
        return sorted({item for one, item in self.added.items() if one not in self.removed})

    async def merge(self, added: dict[str, str], removed: list[str]) -> None:
        self.added |= added
        self.removed |= set(removed)

    async def run(self) -> None:
        while True:
            for peer in self.node.peers:
                self.node.send(peer, "merge", self.added, sorted(self.removed))
            await asyncio.sleep(0.1)
