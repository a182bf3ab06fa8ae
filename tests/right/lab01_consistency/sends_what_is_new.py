"""Replicas number what they do and repeat it until it is acknowledged; carts remember how much they have seen of whom."""

import asyncio

from shop import Node


class LikeCounter:
    """Each like is sent under its number; who has seen that number takes it for known."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.own = 0
        self.heard = dict.fromkeys(node.peers, 0)
        self.acknowledged = dict.fromkeys(node.peers, 0)

    def like(self) -> None:
        self.own += 1

    def count(self) -> int:
        return self.own + sum(self.heard.values())

    def up_to(self, peer: str, number: int) -> int:
        self.heard[peer] = max(self.heard[peer], number)
        return self.heard[peer]

    async def tell(self, peer: str) -> None:
        while True:
            if self.acknowledged[peer] < self.own:
                try:
                    async with asyncio.timeout(0.15):
                        self.acknowledged[peer] = await self.node.call(peer, "up_to", self.node.name, self.own)
                except (TimeoutError, ConnectionError):
                    continue
            await asyncio.sleep(0.05)

    async def run(self) -> None:
        await asyncio.gather(*map(self.tell, self.node.peers))


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
    """Requests and answers are messages of their own; nobody waits in a call."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.stored = [0, "", None]
        self.rounds: dict[int, dict[str, list]] = {}
        self.changed = asyncio.Event()
        self.given = 0

    async def read(self) -> object:
        found = await self.round("look")
        newest = max(found, key=lambda stored: stored[:2])
        if any(stored != newest for stored in found):
            await self.round("keep", newest)  # a majority that agrees already needs no write-back
        return newest[2]

    async def write(self, value: object) -> None:
        newest = max(stored[0] for stored in await self.round("look"))
        self.given = 1 + max(self.given, newest)  # read after the wait: another write may have been given a version
        await self.round("keep", [self.given, self.node.name, value])

    def look(self, asker: str, number: int) -> None:
        self.node.send(asker, "heard", self.node.name, number, self.stored)

    def keep(self, asker: str, number: int, stored: list) -> None:
        self.stored = max(self.stored, stored, key=lambda one: one[:2])
        self.node.send(asker, "heard", self.node.name, number, self.stored)

    def heard(self, who: str, number: int, stored: list) -> None:
        if number in self.rounds:
            self.rounds[number][who] = stored
            self.changed.set()

    async def round(self, method: str, *args: list) -> list[list]:
        number = len(self.rounds)
        answers = self.rounds[number] = {}
        if args:
            self.stored = max(self.stored, args[0], key=lambda one: one[:2])
        answers[self.node.name] = self.stored
        while 2 * len(answers) <= len(self.node.peers) + 1:
            for peer in self.node.peers:
                if peer not in answers:
                    self.node.send(peer, method, self.node.name, number, *args)
            self.changed = asyncio.Event() if self.changed.is_set() else self.changed
            try:
                async with asyncio.timeout(0.08):
                    await self.changed.wait()
            except TimeoutError:
                continue
        return list(answers.values())


class Cart:
    """No list of what was removed: an addition that I have seen and no longer hold was removed."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.held: dict[str, list] = {}  # item: the additions that are there, as [replica, number]
        self.seen: dict[str, int] = {node.name: 0}  # how many additions of each replica I have seen

    async def add(self, item: str) -> None:
        self.seen[self.node.name] += 1
        self.held[item] = [[self.node.name, self.seen[self.node.name]]]  # it covers those that I see

    async def remove(self, item: str) -> None:
        self.held.pop(item, None)

    async def items(self) -> list[str]:
        return sorted(self.held)

    async def merge(self, held: dict[str, list], seen: dict[str, int]) -> None:
        def is_new(addition: list, known: dict[str, int]) -> bool:
            return addition[1] > known.get(addition[0], 0)

        merged = {}
        for item in {*self.held, *held}:
            mine, theirs = self.held.get(item, []), held.get(item, [])
            both = [one for one in mine if one in theirs]
            kept = [one for one in mine if one not in theirs and is_new(one, seen)]
            taken = [one for one in theirs if one not in mine and is_new(one, self.seen)]
            merged[item] = both + kept + taken
        self.held = {item: additions for item, additions in merged.items() if additions}
        self.seen = {name: max(self.seen.get(name, 0), seen.get(name, 0)) for name in {*self.seen, *seen}}

    async def run(self) -> None:
        while True:
            for peer in self.node.peers:
                self.node.send(peer, "merge", self.held, self.seen)
            await asyncio.sleep(0.1)
