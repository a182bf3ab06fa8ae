"""Everything that ever happened is a log; replicas exchange logs, and what they show is computed from it."""

import asyncio

from shop import Broken, Node


class Log:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.entries: dict[str, list] = {}

    def note(self, *entry: object) -> None:
        self.entries[f"{self.node.name}-{sum(one.startswith(self.node.name) for one in self.entries)}"] = list(entry)

    def take_over(self, entries: dict[str, list]) -> None:
        for one, entry in entries.items():
            self.entries.setdefault(one, entry)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0.12)
            for peer in self.node.peers:
                self.node.send(peer, "take_over", self.entries)


class LikeCounter(Log):
    async def like(self) -> None:
        self.note("like")

    async def count(self) -> int:
        return len(self.entries)


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
    """Every ask runs in the background and puts its answer into a queue; whoever waits takes the first that make a majority."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.version, self.value = (0, 0, ""), None
        self.written = 0

    async def look(self) -> tuple:
        return list(self.version), self.value

    async def store(self, version: list, value: object) -> None:
        if tuple(version) > self.version:
            self.version, self.value = tuple(version), value

    async def read(self) -> object:
        version, value = await self.newest()
        await self.majority("store", list(version), value)
        return value

    async def write(self, value: object) -> None:
        version, _ = await self.newest()
        self.written += 1  # makes the version new even when two writes are under way here
        await self.majority("store", [version[0] + 1, self.written, self.node.name], value)

    async def newest(self) -> tuple:
        found = [(tuple(version), value) for version, value in await self.majority("look")]
        return max(found, key=lambda one: one[0])

    async def majority(self, method: str, *args: object) -> list:
        answers: asyncio.Queue = asyncio.Queue()
        await answers.put(await getattr(self, method)(*args))
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(self.ask(answers, peer, method, *args)) for peer in self.node.peers]
            found = [await answers.get() for _ in range((len(self.node.peers) + 1) // 2 + 1)]
            for task in asking:
                task.cancel()
        return found

    async def ask(self, answers: asyncio.Queue, peer: str, method: str, *args: object) -> None:
        while True:
            try:
                async with asyncio.timeout(0.12):
                    await answers.put(await self.node.call(peer, method, *args))
                return
            except (TimeoutError, ConnectionError, Broken):
                await asyncio.sleep(0.03)


class Cart(Log):
    async def add(self, item: str) -> None:
        self.note("add", item)

    async def remove(self, item: str) -> None:
        self.note("remove", [one for one, entry in self.entries.items() if entry == ["add", item]])

    async def items(self) -> list[str]:
        gone = {one for entry in self.entries.values() if entry[0] == "remove" for one in entry[1]}
        return sorted({entry[1] for one, entry in self.entries.items() if entry[0] == "add" and one not in gone})
