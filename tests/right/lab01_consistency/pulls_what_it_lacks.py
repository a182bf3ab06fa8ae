"""Replicas ask each other for what they lack: ids of likes, and items with the ids of their additions."""

import asyncio
import uuid

from shop import Node


async def hear(node: Node, peer: str, method: str, *args: object) -> object:
    """One attempt; None when nothing comes back in time."""
    try:
        return await asyncio.wait_for(node.call(peer, method, *args), 0.1)
    except (TimeoutError, ConnectionError, RuntimeError):
        return None


class LikeCounter:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.known: set[str] = set()

    async def like(self) -> None:
        self.known.add(str(uuid.uuid4()))

    async def count(self) -> int:
        return len(self.known)

    async def all_known(self) -> list[str]:
        return sorted(self.known)

    async def run(self) -> None:
        while True:
            heard = await asyncio.gather(*(hear(self.node, peer, "all_known") for peer in self.node.peers))
            for ids in heard:
                self.known |= set(ids or ())
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
        self.number, self.by, self.value = 0, "", None
        self.turn = asyncio.Lock()

    async def look(self) -> list:
        return [self.number, self.by, self.value]

    async def store(self, number: int, by: str, value: object) -> bool:
        if (number, by) > (self.number, self.by):
            self.number, self.by, self.value = number, by, value
        return True

    async def read(self) -> object:
        number, by, value = await self.newest()
        await self.enough("store", number, by, value)
        return value

    async def write(self, value: object) -> None:
        async with self.turn:  # one write at a time here, so that no version is given twice
            number, _, _ = await self.newest()
            await self.enough("store", number + 1, self.node.name, value)

    async def newest(self) -> list:
        return max(await self.enough("look"), key=lambda answer: answer[:2])

    async def enough(self, method: str, *args: object) -> list:
        answers = {self.node.name: await getattr(self, method)(*args)}
        while len(answers) * 2 <= len(self.node.peers) + 1:
            missing = [peer for peer in self.node.peers if peer not in answers]
            heard = await asyncio.gather(*(hear(self.node, peer, method, *args) for peer in missing))
            answers |= {peer: answer for peer, answer in zip(missing, heard, strict=True) if answer is not None}
        return list(answers.values())


class Cart:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.lives: dict[str, list] = {}  # id of an addition: its item, and whether it is still there

    async def add(self, item: str) -> None:
        self.lives[str(uuid.uuid4())] = [item, True]

    async def remove(self, item: str) -> None:
        for one in self.lives.values():
            if one[0] == item:
                one[1] = False

    async def items(self) -> list[str]:
        return sorted({item for item, is_there in self.lives.values() if is_there})

    async def all_lives(self) -> dict:
        return self.lives

    async def run(self) -> None:
        while True:
            for peer in self.node.peers:
                theirs = await hear(self.node, peer, "all_lives") or {}
                for one, (item, is_there) in theirs.items():
                    mine = self.lives.setdefault(one, [item, is_there])
                    mine[1] = mine[1] and is_there
            await asyncio.sleep(0.1)
