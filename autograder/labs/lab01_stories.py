"""The stories that lab 1 plays: three replicas of one thing, and a network that comes apart and heals.

Words of the input: ``ada1`` is a person who speaks to replica-1; ``w2`` writes at replica-2 and ``r3`` reads at replica-3;
``al1`` adds and ``rl1`` removes a lamp at replica-1 (``m`` is a mug, ``c`` a cable), ``s`` splits the network, ``h`` heals it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from autograder.labs.lab01_cart import Truth

__all__ = ["cart", "likes", "likes_in_bad_weather", "register", "register_in_bad_weather", "register_over_slow_links", "register_split"]

Story = Callable[[Any], Awaitable[None]]

REPLICAS = ("replica-1", "replica-2", "replica-3")
PEOPLE = ("ada", "bao", "cleo", "dan", "eve", "finn", "gus", "hana")
ITEMS = {"l": "lamp", "m": "mug", "c": "cable"}
SETTLED_S = 1.0
"""How long after the network has healed everything must be well."""


def _start(sim: Any, kind: str, names: tuple[str, ...] = REPLICAS) -> None:
    sim.network.latency(1, 5)
    for name in names:
        sim.process(name, kind, peers=tuple(peer for peer in names if peer != name), restart_after_ms=None)


async def _shown(sim: Any, method: str, *args: object, who: str = "the judge") -> dict[str, Any]:
    """What each replica shows a reader; a replica that does not answer shows that."""
    shown = {}
    for name in REPLICAS:
        answer = await sim.client(who, timeout_ms=500).call(name, method, *args)
        shown[name] = answer.value if answer.ok else f"no answer ({answer.outcome})"
    return shown


# ---- LikeCounter


def likes(kind: str) -> Story:
    """People like a post at three replicas: while all are connected, while replica-1 is cut off, and then the network heals."""

    async def story(sim: Any) -> None:
        _start(sim, kind)
        people = {word: (sim.client(word[:-1], timeout_ms=500), f"replica-{word[-1]}") for word in sim.input}

        async def like_and_look(word: str) -> None:
            client, replica = people[word]
            await client.call(replica, "like")
            await client.call(replica, "count")

        await asyncio.gather(*map(like_and_look, sim.input))
        await asyncio.sleep(0.3)
        sim.note("The network splits: replica-1 is alone")
        alone = [client.name for client, replica in people.values() if replica == "replica-1"]
        others = [client.name for client, replica in people.values() if replica != "replica-1"]
        sim.network.split(("replica-1", *alone), ("replica-2", "replica-3", *others))
        await asyncio.gather(*map(like_and_look, sim.input))
        await asyncio.sleep(0.3)
        sim.snapshot("while the network is split")
        sim.note("The network heals")
        sim.network.heal()
        await asyncio.sleep(SETTLED_S)
        sim.snapshot("1 s after the network has healed", shown=await _shown(sim, "count"))

    return story


def likes_in_bad_weather(kind: str) -> Story:
    """Messages between replicas are lost and overtake each other; then the weather clears."""

    async def story(sim: Any) -> None:
        _start(sim, kind)
        sim.network.latency(1, 60, between=("replica-1", "replica-2"))
        sim.network.latency(1, 60, between=("replica-1", "replica-3"))
        sim.network.latency(1, 60, between=("replica-2", "replica-3"))
        sim.network.loss, sim.network.reordering = 0.2, 0.3

        async def like_and_look(word: str) -> None:
            client, replica = sim.client(word[:-1], timeout_ms=150), f"replica-{word[-1]}"
            for _ in range(6):
                await client.call(replica, "like")
                await client.call(replica, "count")
                await asyncio.sleep(0.08)

        await asyncio.gather(*map(like_and_look, sim.input))
        sim.note("The weather clears")
        sim.network.loss, sim.network.reordering = 0.0, 0.0
        sim.network.latency(1, 5)
        await asyncio.sleep(SETTLED_S)
        sim.snapshot("1 s after the weather has cleared", shown=await _shown(sim, "count"))

    return story


# ---- QuorumRegister


async def _ask(sim: Any, number: int, word: str, *, after_ms: float) -> None:
    """The n-th person reads or writes."""
    await asyncio.sleep(after_ms / 1_000)
    who = sim.client(PEOPLE[number], timeout_ms=2_000)
    if word[0] == "w":
        await who.call(f"replica-{word[1:]}", "write", f"v{number + 1}")
    else:
        await who.call(f"replica-{word[1:]}", "read")




def register(kind: str) -> Story:
    """People read and write at three replicas, two at a time; replica-1 may die."""

    async def story(sim: Any) -> None:
        _start(sim, kind)
        pairs = (_ask(sim, number, word, after_ms=number // 2 * 20) for number, word in enumerate(sim.input))
        await asyncio.gather(*pairs)
        await _shown(sim, "read")
        sim.snapshot("in the end")

    return story


def register_over_slow_links(kind: str) -> Story:
    """Five replicas: what is written at replica-1 is at replica-2 soon and at the far ones late, and is read meanwhile.

    ``r2at64`` reads at replica-2 when 64 ms have passed.
    """

    async def story(sim: Any) -> None:
        names = tuple(f"replica-{number}" for number in range(1, 6))
        _start(sim, kind, names)
        sim.network.latency(1, 1)
        for one, other in (("1", "3"), ("1", "4"), ("1", "5"), ("2", "4"), ("2", "5")):
            sim.network.latency(30, 30, between=(f"replica-{one}", f"replica-{other}"))

        async def at_its_time(number: int, word: str) -> None:
            what, _, at_ms = word.partition("at")
            await _ask(sim, number, what, after_ms=float(at_ms or 0))

        await asyncio.gather(*(at_its_time(number, word) for number, word in enumerate(sim.input)))
        sim.snapshot("in the end")

    return story


def register_split(kind: str) -> Story:
    """Replica-3 is cut off while people write and read on both sides; then the network heals."""

    async def story(sim: Any) -> None:
        _start(sim, kind)
        await _ask(sim, 0, "w1", after_ms=0)
        sim.note("The network splits: replica-3 is alone")
        alone = [PEOPLE[number] for number, word in enumerate(sim.input, start=1) if word[1:] == "3"]
        rest = [name for name in PEOPLE if name not in alone]
        sim.network.split(("replica-3", *alone), ("replica-1", "replica-2", *rest))
        await asyncio.gather(*(_ask(sim, number, word, after_ms=30 * number) for number, word in enumerate(sim.input, start=1)))
        sim.snapshot("while the network is split", cut_off=("replica-3",))
        sim.note("The network heals")
        sim.network.heal()
        await asyncio.sleep(SETTLED_S)
        for replica in ("1", "2", "3"):
            who = sim.client(f"the judge at {replica}", timeout_ms=2_000)
            await who.call(f"replica-{replica}", "read")
        sim.snapshot("1 s after the network has healed", cut_off=("replica-3",))

    return story


def register_in_bad_weather(kind: str) -> Story:
    """Messages are slow, get lost and overtake each other while three people read and write; then the weather clears."""

    async def story(sim: Any) -> None:
        _start(sim, kind)
        sim.network.latency(1, 40)
        sim.network.loss, sim.network.reordering = 0.1, 0.3

        async def person(word: str) -> None:
            client = sim.client(f"{word[:-1]}", timeout_ms=2_000)
            for number in range(4):
                if sim.random.random() < 0.5:
                    await client.call(f"replica-{word[-1]}", "write", f"{word[:-1]}-{number}")
                else:
                    await client.call(f"replica-{word[-1]}", "read")

        await asyncio.gather(*map(person, sim.input))
        people = tuple(word[:-1] for word in sim.input)
        sim.note("The weather clears")
        sim.network.loss, sim.network.reordering = 0.0, 0.0
        sim.network.latency(1, 5)
        await asyncio.sleep(SETTLED_S)
        await _shown(sim, "read")
        sim.snapshot("1 s after the weather has cleared", unsure=people)

    return story


# ---- Cart


def cart(kind: str) -> Story:
    """Items are added and removed at three replicas, on both sides of a split, and after it."""

    async def story(sim: Any) -> None:
        _start(sim, kind)
        truth = Truth()
        shopper = sim.client("ada", timeout_ms=500)
        for word in sim.input:
            if word in ("s", "h"):
                await _come_apart_or_heal(sim, word, truth)
                continue
            action, item, replica = word[0], ITEMS[word[1]], word[2:]
            if action == "r" and not truth.is_split:
                await _settle(truth)
            here = sim.client(f"ada at {replica}", timeout_ms=500) if truth.is_split else shopper
            await here.call(f"replica-{replica}", "add" if action == "a" else "remove", item)
            truth.happened(action, item, replica)
        if truth.is_split:
            await _come_apart_or_heal(sim, "h", truth)
        await _settle(truth)
        await _look(sim, truth, "1 s after the last change")

    return story


async def _look(sim: Any, truth: Truth, moment: str) -> None:
    shown = await _shown(sim, "items")
    sim.snapshot(moment, shown=shown, in_cart=truth.in_cart())


async def _settle(truth: Truth) -> None:
    await asyncio.sleep(SETTLED_S)
    truth.settled()


async def _come_apart_or_heal(sim: Any, word: str, truth: Truth) -> None:
    truth.is_split = word == "s"
    if truth.is_split:
        await _settle(truth)
        await _look(sim, truth, "before the network splits")
        sim.note("The network splits: replica-1 is alone")
        sim.network.split(("replica-1", "ada at 1"), ("replica-2", "replica-3", "ada at 2", "ada at 3"))
        return
    sim.note("The network heals")
    sim.network.heal()
    await _settle(truth)
    await _look(sim, truth, "1 s after the network has healed")
