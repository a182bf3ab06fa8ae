"""The stretch stories of lab 12: a rush that cannot all be served, and toggles whose store goes away.

A word of the toggles' story is one thing that happens to a toggle or to its store; ``u1`` switches the first toggle on,
``d2`` the second off, ``g1`` writes nonsense, ``x1`` stops the store, ``h1`` lets it fall silent, ``o1`` brings it back,
``r1`` starts a process again.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from autograder.explore.virtual_redis import SimulatedRedis, redis_for
from autograder.invariants.overload import FOLLOWED_WITHIN_S, SAFE_AFTER_S, Look, Wish
from shop.network import Refused

__all__ = ["SAFE", "rush", "toggles"]

Story = Callable[[Any], Coroutine[Any, Any, None]]

CALM_S, RUSH_S = 10.0, 15.0
CALM = {"checkout": 2.0, "page": 5.0, "crawler": 13.0}
RUSH = {"checkout": 10.0, "page": 20.0, "crawler": 90.0}
"""Requests a second; the orders can serve forty."""
VISITOR_WAITS_MS = 20_000


class Orders:
    """Serves two at a time, 50 ms each, first come first served; nobody is ever turned away here."""

    SERVERS, WORK_S = 2, 0.05

    def __init__(self, sim: Any) -> None:
        self._sim = sim
        self._free_s = [0.0] * self.SERVERS
        self.done_ms: dict[str, list[float]] = {kind: [] for kind in RUSH}
        """When the work of each kind was done, in order."""

    async def work(self, *args: Any) -> str:
        """Do what was asked for."""
        if len(args) != 1 or args[0] not in self.done_ms:
            raise Refused(f"work takes one of {', '.join(self.done_ms)}", 400)
        now_s = self._sim.now_ms / 1000
        done_s = max(now_s, heapq.heappop(self._free_s)) + self.WORK_S
        heapq.heappush(self._free_s, done_s)
        await asyncio.sleep(done_s - now_s)
        self.done_ms[args[0]].append(self._sim.now_ms)
        return "done"


def rush(function: str) -> Story:
    """Ten seconds of half of what can be served, then fifteen of three times as much."""

    async def play(sim: Any) -> None:
        sim.network.latency(0, 0)
        sim.network.latency(0.4, 0.6, between=("desk-1", "orders"))
        orders = Orders(sim)
        sim.service("orders", orders, recorded=False)
        sim.process("desk-1")
        calm = await _come(sim, function, CALM, CALM_S)
        sim.note("the rush begins: three times what can be served")
        wishes = await _come(sim, function, RUSH, RUSH_S)
        served = {kind: sum(wish.served for wish in wishes if wish.kind == kind) for kind in RUSH}
        sim.note(f"served in time: {', '.join(f'{count} {kind}s' for kind, count in served.items())}")
        can_serve = int(RUSH_S * Orders.SERVERS / Orders.WORK_S)
        sim.snapshot("in the end", calm=calm, rush=wishes, done_ms=orders.done_ms, can_serve=can_serve)

    return play


async def _come(sim: Any, function: str, rates: dict[str, float], lasts_s: float) -> list[Wish]:
    ends_ms = sim.now_ms + lasts_s * 1000
    streams = (_stream(sim, function, kind, per_s, ends_ms) for kind, per_s in rates.items())
    return sorted((wish for stream in await asyncio.gather(*streams) for wish in stream), key=lambda wish: wish.asked_ms)


async def _stream(sim: Any, function: str, kind: str, per_s: float, ends_ms: float) -> list[Wish]:
    asked: list[Any] = []
    await asyncio.sleep(sim.random.expovariate(per_s))
    while sim.now_ms < ends_ms:
        asked.append(asyncio.create_task(_ask(sim, function, kind, recorded=len(asked) == 20)))
        await asyncio.sleep(sim.random.expovariate(per_s))
    return list(await asyncio.gather(*asked))


async def _ask(sim: Any, function: str, kind: str, *, recorded: bool) -> Wish:
    asked_ms = sim.now_ms
    answer = await sim.client(kind, timeout_ms=VISITOR_WAITS_MS, recorded=recorded).call("desk-1", function, kind)
    return Wish(
        kind=kind,
        told=answer.value if answer.ok else None,
        waited_ms=None if answer.error.startswith("gave up") else answer.ms,
        asked_ms=asked_ms,
        trouble="" if answer.ok else answer.error[:120],
    )


# ---- toggles

SAFE = {"express_checkout": False, "fraud_check": True}
NAMES = dict(enumerate(SAFE, start=1))
PROCESSES = ("shop-1", "shop-2")
PAUSES_S = (1.0, 5.0, 5.0)
"""Between looks: one, six and eleven seconds after whatever happened."""
SAID = {"u": "on", "d": "off", "g": "maybe"}
LOOKS_GIVE_UP_MS = 3_000


@dataclass
class Store:
    """What the judge knows of the toggles' store."""

    redis: SimulatedRedis
    values: dict[str, str] = field(default_factory=dict)
    changed_s: float = 0.0
    """When a toggle was switched last, a process was started, or the store came back."""
    gone_s: float | None = None
    started_s: dict[str, float] = field(default_factory=dict)

    def expects(self, toggle: str, process: str, now_s: float) -> tuple[bool | None, str, str]:
        """What a look must say, why, and by which rule; None where either value is right."""
        if self.gone_s is not None:
            since_s = now_s - max(self.gone_s, self.started_s.get(process, 0.0))
            never_heard = self.started_s.get(process, 0.0) > self.gone_s
            why = f"{now_s - self.gone_s:.0f} s after the store fell silent"
            return (SAFE[toggle] if since_s >= SAFE_AFTER_S or never_heard else None), why, "safe"
        value = self.values.get(toggle)
        since_s = now_s - self.changed_s
        settled = since_s >= FOLLOWED_WITHIN_S
        if value not in ("on", "off"):
            why = f"which is {value!r} in the store" if value else "of which the store says nothing"
            return (SAFE[toggle] if settled else None), why, "safe"
        return (value == "on" if settled else None), f"{since_s:.0f} s after the last change, with the store at {value!r}", "switch"


def toggles(make: str) -> Story:
    """Things happen to two toggles and to their store; then both processes look at both, three times."""

    async def play(sim: Any) -> None:
        store = Store(redis_for(sim))
        sim.network.latency(0, 0)
        for name in PROCESSES:
            sim.network.latency(0.4, 0.6, between=(name, "redis"))
            sim.process(name, make, restart_after_ms=100)
        looks: list[Look] = []
        for word in ("", *sim.input):
            _happens(sim, store, word)
            for pause_s in PAUSES_S[:1] if not word else PAUSES_S:
                await asyncio.sleep(pause_s)
                pairs = [(toggle, process) for process in PROCESSES for toggle in SAFE]
                looks += await asyncio.gather(*(_look(sim, store, *pair) for pair in pairs))
        sim.snapshot("in the end", looks=looks)

    return play


def _happens(sim: Any, store: Store, word: str) -> None:
    if not word:
        return
    letter, number = word[0], int(word[1:])
    if letter in SAID:
        toggle = NAMES[number]
        sim.note(f"{toggle} is switched to {SAID[letter]}" if store.gone_s is None else "nobody can switch anything")
        if store.gone_s is None:
            store.values[toggle] = SAID[letter]
            store.redis.execute("SET", f"toggle:{toggle}", SAID[letter])
            store.changed_s = sim.now_ms / 1000
    elif letter == "r":
        name = PROCESSES[number - 1]
        sim.processes[name].crash("killed by the judge")
        store.started_s[name] = store.changed_s = sim.now_ms / 1000
    else:
        _store_happens(sim, store, letter)


def _store_happens(sim: Any, store: Store, letter: str) -> None:
    now_s = sim.now_ms / 1000
    if letter == "o":
        sim.note("the store is back")
        sim.network.heal()
        store.redis.start()
        store.gone_s, store.changed_s = None, now_s
        return
    sim.note("the store stops" if letter == "x" else "the store falls silent")
    store.gone_s = now_s if store.gone_s is None else store.gone_s
    if letter == "x":
        store.redis.stop()
    else:
        sim.network.isolate("redis")


async def _look(sim: Any, store: Store, toggle: str, process: str) -> Look:
    now_s = sim.now_ms / 1000
    expected, because, rule = store.expects(toggle, process, now_s)
    client = sim.client("look", timeout_ms=LOOKS_GIVE_UP_MS)
    answer = await client.call(process, "is_on", toggle)
    return Look(
        toggle=toggle,
        process=process,
        at_ms=now_s * 1000,
        said=answer.value if answer.ok else None,
        ms=None if answer.error.startswith("gave up") else answer.ms,
        trouble="" if answer.ok else answer.error[:120],
        expected=expected,
        because=because,
        rule=rule,
    )
