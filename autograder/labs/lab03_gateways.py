"""The payment gateway as lab 3's judge plays it: one that follows a script, and one that can be flooded.

Both keep the contract of day 2: a key that was used before is answered with what became of it, and charges nothing.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping
from typing import Any

from autograder.invariants.failure import Charge
from shop.network import Broken, Refused, Unavailable

__all__ = ["HOPELESS", "BusyGateway", "ScriptedGateway"]

HOPELESS = {"c": "card declined", "b": "bad request"}
"""What no retry can change, by the letter that stands for it."""
SERVICE_S = 0.05
LONG_S = 15.0


def _asked(args: tuple[Any, ...]) -> tuple[str, str, int]:
    """What a call says: key, purchase, cents. A learner may have sent anything."""
    match args:
        case (str() as key, str() as purchase_id, int() as cents) if not isinstance(cents, bool):
            return key, purchase_id, cents
    raise Refused("charge takes a key, a purchase_id and cents: two texts and a whole number", 400)


class ScriptedGateway:
    """Deals with each purchase as its letter says.

    k: answers at once. c: the card is declined. b: the request is bad. l: the first answer is late, by 15 s. n: the first
    answer never comes. u: is unavailable at first. h: breaks at first, after it has charged. d: every new key takes 15 s.
    """

    def __init__(self, sim: Any, letters: Mapping[str, str]) -> None:
        self._sim = sim
        self._letters = letters
        self._calls: dict[str, int] = {}
        self.charges: list[Charge] = []
        self.refused: set[str] = set()

    async def charge(self, *args: Any) -> str:
        """Charge the purchase, or answer as before when the key is known."""
        key, purchase_id, cents = _asked(args)
        self._calls[purchase_id] = self._calls.get(purchase_id, 0) + 1
        letter, first = self._letters.get(purchase_id, "k"), self._calls[purchase_id] == 1
        if letter in HOPELESS:
            self.refused.add(purchase_id)
            raise Refused(HOPELESS[letter], 402 if letter == "c" else 400)
        if letter == "u" and first:
            raise Unavailable("the gateway is starting")
        await asyncio.sleep(LONG_S if self._is_slow(letter, first, key) else SERVICE_S)
        self._take(key, purchase_id, cents)
        if first and letter == "n":
            await self._sim.never()
        if first and letter == "h":
            raise Broken("the gateway lost its database")
        return "charged"

    def _is_slow(self, letter: str, first: bool, key: str) -> bool:
        return (letter == "l" and first) or (letter == "d" and all(charge.key != key for charge in self.charges))

    def _take(self, key: str, purchase_id: str, cents: int) -> None:
        if all(charge.key != key for charge in self.charges):
            self.charges.append(Charge(purchase_id=purchase_id, key=key, cents=cents, at_ms=self._sim.now_ms))


class BusyGateway:
    """Serves ``SERVERS`` calls at a time and lets the others wait; one call in ``fails_one_in`` goes wrong.

    Work that was begun is finished, whether or not anybody still waits for it. While the gateway *stands*, calls queue
    and nothing moves; while it is *slow*, every answer takes 15 s. Who finds the queue full is told so at once.
    """

    SERVERS = 2
    QUEUE_MAX = 200

    def __init__(self, sim: Any, *, fails_one_in: int, trouble: str = "", between_s: tuple[float, float] = (0, 0)) -> None:
        self._sim = sim
        self._one_in = fails_one_in
        self._trouble = trouble
        self._between_s = between_s
        self._free_s = [0.0] * self.SERVERS
        self._starts_s: list[float] = []
        self._known: set[str] = set()
        self.arrivals_ms: list[float] = []
        self.charges: list[Charge] = []
        self.refused: set[str] = set()
        self.declined: frozenset[str] = frozenset()

    @property
    def is_failing(self) -> bool:
        """Does it stand still, or is it slow, at this moment?"""
        begin_s, end_s = self._between_s
        return begin_s <= self._sim.now_ms / 1000 < end_s

    async def charge(self, *args: Any) -> str:
        """Charge the purchase, or answer as before when the key is known."""
        key, purchase_id, cents = _asked(args)
        self.arrivals_ms.append(self._sim.now_ms)
        if purchase_id in self.declined:
            self.refused.add(purchase_id)
            raise Refused("card declined", 402)
        fate = "well" if self.is_failing else self._draw()
        if fate == "unavailable":
            raise Unavailable("the gateway is restarting a machine")
        if fate == "silent":
            await self._sim.never()
        await asyncio.sleep(LONG_S if fate == "slow" or self._slow_now() else self._wait_s())
        if key not in self._known:
            self._known.add(key)
            self.charges.append(Charge(purchase_id=purchase_id, key=key, cents=cents, at_ms=self._sim.now_ms))
        return "charged"

    def _slow_now(self) -> bool:
        return self._trouble == "slow" and self.is_failing

    def _draw(self) -> str:
        """The third call of every ``fails_one_in`` goes wrong: late the first time, then as it is drawn."""
        number = len(self.arrivals_ms)
        if number % self._one_in != 3:
            return "well"
        return "slow" if number == 3 else self._sim.random.choice(("slow", "silent", "unavailable"))

    def _wait_s(self) -> float:
        """How long until this call is done: its place in the queue, and its own work."""
        now_s = self._sim.now_ms / 1000
        while self._starts_s and self._starts_s[0] <= now_s:
            heapq.heappop(self._starts_s)
        if len(self._starts_s) >= self.QUEUE_MAX:
            raise Unavailable("the gateway's queue is full")
        start_s = max(now_s, heapq.heappop(self._free_s))
        begin_s, end_s = self._between_s
        if self._trouble == "stands" and begin_s <= start_s < end_s:
            start_s = end_s
        done_s = start_s + SERVICE_S * self._sim.random.uniform(0.6, 1.4)
        heapq.heappush(self._free_s, done_s)
        heapq.heappush(self._starts_s, start_s)
        return done_s - now_s
