"""The stories that lab 8 plays with a cart: buyers whose requests reach any instance, while one of them may die."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from autograder.invariants.scaling import Asked

__all__ = ["INSTANCES", "CartStore", "any_instance", "double_click", "two_tabs"]

Story = Callable[[Any], Coroutine[Any, Any, None]]

INSTANCES = ("cart-1", "cart-2", "cart-3")
REQUESTS = {
    "a1": ("ada", "lamp", 1),
    "a2": ("ada", "mug", 2),
    "a3": ("ada", "vase", 1),
    "a4": ("ada", "lamp", 1),
    "b1": ("bao", "lamp", 3),
    "b2": ("bao", "chair", 4),
    "b3": ("bao", "mug", 1),
}
"""What the words of these stories ask for: a4 is a second lamp, and no repeat of a1."""
BROWSER_WAITS_MS = 400
ATTEMPTS_MAX = 6


class CartStore:
    """The given store: one value per key, with the number of its last write."""

    def __init__(self, sim: Any) -> None:
        self.sim = sim
        self.rows: dict[str, tuple[Any, int]] = {}
        self.last_refused: set[tuple[str, str]] = set()
        """Instance and key, where the last write of that instance was refused."""

    def read(self, key: str) -> dict[str, Any]:
        """The value and its version; None and 0 where nothing was ever written."""
        value, version = self.rows.get(key, (None, 0))
        return {"value": value, "version": version}

    def write(self, key: str, value: Any, version: int | None = None) -> bool:
        """Replace the value, if its version is still this one; False, and nothing is written, if it is not."""
        now, writer = self.rows.get(key, (None, 0))[1], (self.sim.caller, key)
        if version is not None and version != now:
            self.last_refused.add(writer)
            return False
        self.last_refused.discard(writer)
        self.rows[key] = (value, now + 1)
        return True


def any_instance(add: str, show: str) -> Story:
    """Every request reaches another instance, one instance may die for good, and whoever hears nothing asks the next one."""

    async def play(sim: Any) -> None:
        store = _shop(sim)
        asked = [await _ask(sim, add, word, number) for number, word in enumerate(sim.input)]
        await _look(sim, store, show, asked)

    return play


def two_tabs(add: str, show: str) -> Story:
    """The buyers' tabs ask at the same moment, each another instance."""

    async def play(sim: Any) -> None:
        store = _shop(sim)
        asked = await asyncio.gather(*(_ask(sim, add, word, number) for number, word in enumerate(sim.input)))
        await _look(sim, store, show, asked)

    return play


def double_click(add: str, show: str) -> Story:
    """One request reaches two instances at the same moment, and comes again, at the first one and at the third."""

    async def play(sim: Any) -> None:
        store = _shop(sim)
        copies = [_ask(sim, add, word, number) for word in sim.input for number in (0, 1)]
        first = await asyncio.gather(*copies)
        again = [await _ask(sim, add, word, number) for word in sim.input for number in (0, 2)]
        await _look(sim, store, show, _each_once([*first, *again]))

    return play


def _shop(sim: Any) -> CartStore:
    store = CartStore(sim)
    sim.network.latency(1, 5)
    sim.service("store", store, reads=("read",))
    for name in INSTANCES:
        sim.process(name, restart_after_ms=None)
    return store


async def _ask(sim: Any, add: str, word: str, first: int) -> Asked:
    """A browser asks, and asks the next instance whenever it hears nothing."""
    buyer, item, quantity = REQUESTS[word]
    request_id, trouble = f"r-{word}", ""
    browser = sim.client(buyer, timeout_ms=BROWSER_WAITS_MS)
    for attempt in range(ATTEMPTS_MAX):
        instance = INSTANCES[(first + attempt) % len(INSTANCES)]
        answer = await browser.call(instance, add, request_id, buyer, item, quantity)
        if answer.ok:
            return Asked(
                request_id=request_id, buyer=buyer, item=item, quantity=quantity, answered_by=instance, said=answer.value
            )
        trouble = answer.error or "no answer"
    return Asked(request_id=request_id, buyer=buyer, item=item, quantity=quantity, trouble=trouble)


async def _look(sim: Any, store: CartStore, show: str, asked: Iterable[Asked]) -> None:
    """Every instance shows every cart, except the one that has died."""
    asked, shown = tuple(asked), {}
    for buyer in dict.fromkeys(one.buyer for one in asked):
        for process in [one for one in sim.processes.values() if one.alive]:
            for _ in range(2):
                answer = await sim.client(buyer, timeout_ms=BROWSER_WAITS_MS).call(process.name, show, buyer)
                if answer.ok or not process.alive:
                    break
            if answer.ok or process.alive:
                shown[buyer, process.name] = answer.value if answer.ok else answer.error or "no answer"
    sim.snapshot("in the end", asked=asked, shown=shown, last_refused=frozenset(store.last_refused))


def _each_once(asked: Iterable[Asked]) -> list[Asked]:
    """Every request once; a copy that was acknowledged counts before one that was not."""
    found: dict[str, Asked] = {}
    for one in sorted(asked, key=lambda one: not one.answered_by):
        found.setdefault(one.request_id, one)
    return list(found.values())
