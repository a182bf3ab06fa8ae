"""The stories that lab 14 plays in virtual time: buyers come, two workers serve them, and something may die.

A word is a buyer, in the order of coming: ``p1`` can pay, the card of ``d2`` is declined, ``g3`` asks once and is gone, ``t4`` asks
both workers at once, and so does ``b8``, whose card is declined; ``e9`` comes when all work is done; after ``h5`` the gateway has hung up once it has charged, after ``s6`` it has charged and stays silent, and
``l7`` it charges late.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from autograder.backends.databases import SCHEMA
from autograder.explore.virtual_redis import SimulatedRedis, redis_for
from autograder.invariants.sale import Ending, event_row
from autograder.simulation.stand_ins import SimulatedGateway, SimulatedPostgres, SimulatedTopic
from shop.sale import ANSWERS, BUSY, FINAL, PAID, SOLD_OUT, UNKNOWN, WAITING, SaleTerms

__all__ = ["WORKERS", "Floor", "Story", "bought", "open_floor"]

Story = Callable[[Any], Coroutine[Any, Any, None]]

WORKERS = ("shop-1", "shop-2")
GAP_S = 0.02
"""Between two buyers: less than a payment takes."""
PAUSE_S, PAUSE_S_MAX = 0.1, 1.0
ASKS_MAX = 40
WORK_EVERY_S = 0.6
ROUNDS_MAX = 40
QUIET_ROUNDS = 2
"""One on each worker."""
GRACE_S = 0.1
"""What the way there and back may add to the time of an answer."""
MOODS = {"h": "hangs up", "s": "silent", "l": "late"}
BOTH, DECLINED, LATE = "tb", "db", "e"
DECLINES_MAX = 6
"""So many of a buyer's charges are declined: every one that anybody would try."""


@dataclass
class Floor:
    """One sale in virtual time, and what its buyers were told."""

    sim: Any
    terms: SaleTerms
    postgres: SimulatedPostgres
    topic: SimulatedTopic
    gateway: SimulatedGateway
    redis: SimulatedRedis
    told: dict[str, list[str]] = field(default_factory=dict)
    wishes: dict[str, str] = field(default_factory=dict)
    declines: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    early: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waiting_most: int = 0
    late: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    """What a request was answered with instead of an answer: an exception, or something that is none."""
    trouble: str = ""
    quiet: bool = True
    _delivered: int = 0

    # ---- buyers

    async def buyer(self, word: str, number: int) -> None:
        """One buyer, from the first request until there is an answer."""
        key, letter = f"k-{word[1:]}", word[0]
        self.comes(key, letter)
        await asyncio.sleep(GAP_S * number)
        if letter in BOTH:
            await asyncio.gather(*(self.ask(key, worker) for worker in WORKERS))
        again = letter in BOTH
        for attempt in range(ASKS_MAX):
            status = await self.ask(key, WORKERS[(number + attempt) % 2], again=again)
            if status in FINAL or letter == "g":
                return
            again = again or status != BUSY
            await asyncio.sleep(min(PAUSE_S_MAX, PAUSE_S * 2**attempt))

    def comes(self, key: str, letter: str) -> None:
        """A buyer is known from now on."""
        self.wishes[key] = f"c{key[1:]}"
        if letter == "g":
            self.gone.add(key)
        if letter in DECLINED:
            self.declines.add(key)
            for number in range(1, DECLINES_MAX + 1):
                self.gateway.books.misbehave("charge", number, "declines", of=key)
        if letter in MOODS:
            self.gateway.books.misbehave("charge", 1, MOODS[letter], of=key)

    async def ask(self, key: str, worker: str, *, again: bool = False) -> str:
        """One request; what it was answered, ``unknown`` where it was not."""
        request = {"key": key, "buyer": f"buyer {key[2:]}", "correlation_id": self.wishes[key], "again": again}
        limit_ms = (self.terms.answer_s + GRACE_S) * 1000
        answer = await self.sim.client(f"buyer-{key[2:]}", timeout_ms=limit_ms).call(worker, "handle", request)
        if answer.error.startswith("gave up"):
            self.late.append(f"{worker} did not answer {key} within {self.terms.answer_s:g} s")
        status = answer.value.get("status") if isinstance(answer.value, dict) else None
        if status not in ANSWERS:
            if answer.ok:
                self._raised(f"{worker} tells {key} {answer.value!r:.60}, which is no answer")
            elif answer.error.startswith("broken"):
                self._raised(f"{worker} tells {key} nothing and raises {answer.error.removeprefix('broken: ')[:120].rstrip('. ')}")
            return UNKNOWN
        self.told.setdefault(key, []).append(status)
        self._look(key, status)
        return status

    def _look(self, key: str, status: str) -> None:
        """What must be so when somebody has been told something; what a transaction has not committed yet is nobody's promise."""
        rows = self.postgres.rows("purchase")
        if status == PAID and not any(row["id"] == key and row["status"] == PAID for row in rows):
            self.early.append(key)
        if not self.postgres.holder:
            self.waiting_most = max(self.waiting_most, sum(row["status"] == WAITING for row in rows))

    async def latecomer(self, word: str, number: int) -> None:
        """Somebody comes when all work is done."""
        left = self.terms.stock - sum(row["status"] == PAID for row in self.postgres.rows("purchase"))
        await self.buyer(word, number)
        key = f"k-{word[1:]}"
        if left > 0 and self.told.get(key, [""])[-1] == SOLD_OUT:
            self.refused.append(key)

    def _raised(self, text: str) -> None:
        self.trouble = text
        self.raised.append(text)

    # ---- what nobody waits for

    async def work(self, worker: str) -> int:
        """One round of a worker's background work; how much it says was done, and 1 where it did not say."""
        answer = await self.sim.client("keeper", timeout_ms=30_000).call(worker, "work")
        if not answer.ok:
            if answer.error.startswith(("broken", "gave up")):
                self.trouble = f"work: {answer.error[:140]}"
            return 1
        if isinstance(answer.value, bool) or not isinstance(answer.value, int):
            self.trouble = f"work returned {answer.value!r:.40}; it must return how much was done, and 0 at the end"
            return 1
        return answer.value

    async def deliver(self, worker: str) -> None:
        """The topic delivers what is new, in order; what was not taken comes again."""
        for _, value in self.topic.messages[self._delivered :]:
            if not await self._ship(worker, value):
                return
            self._delivered += 1

    async def _ship(self, worker: str, value: str) -> bool:
        try:
            event = json.loads(value)
        except ValueError:
            self.trouble = f"the topic has {value[:60]!r}, which is no event"
            return True
        answer = await self.sim.client("topic", timeout_ms=10_000).call(worker, "ship", event)
        if answer.error.startswith("broken"):
            self.trouble = f"ship: {answer.error[:140]}"
        return answer.ok

    async def keep_working(self) -> None:
        """Rounds of work on both workers in turn, for as long as the sale lasts."""
        number = 0
        while True:
            await asyncio.sleep(WORK_EVERY_S)
            worker = WORKERS[number % 2]
            number += 1
            await self.work(worker)
            await self.deliver(worker)

    async def come_to_rest(self) -> None:
        """Rounds until nothing is left on either worker; then everything that the topic has comes once more."""
        still, self.quiet = 0, False
        since_s = self.sim.now_ms / 1000
        for number in range(ROUNDS_MAX):
            worker = WORKERS[number % 2]
            done = await self.work(worker)
            await self.deliver(worker)
            still = 0 if done else still + 1
            if still >= QUIET_ROUNDS and self.sim.now_ms / 1000 - since_s > self.terms.hold_s:
                self.quiet = True
                break
            await asyncio.sleep(WORK_EVERY_S)
        for _, value in list(self.topic.messages):
            await self._ship(WORKERS[1], value)

    async def look_again(self) -> None:
        """Whoever was told that it is paid or declined asks once more, at the other worker."""
        for number, (key, answers) in enumerate(list(self.told.items())):
            if answers and answers[-1] in ("paid", "declined"):
                await self.ask(key, WORKERS[(number + 1) % 2], again=True)

    def ending(self, *, raised: bool = False) -> Ending:
        """How it ended; with ``raised``, an exception is no answer."""
        ledger = self.gateway.books.ledger()
        return Ending(
            stock=self.terms.stock,
            waiting_max=self.terms.waiting_max,
            purchases=self.postgres.rows("purchase"),
            charges=ledger["charges"],
            refunds=ledger["refunds"],
            shipments=self.postgres.rows("shipment"),
            events=[event_row(value) for _, value in self.topic.messages],
            price=self.terms.price,
            item=self.terms.item,
            buyers={key: f"buyer {key[2:]}" for key in self.wishes},
            early=tuple(self.early),
            refused=tuple(self.refused),
            waiting_most=self.waiting_most,
            told={key: tuple(answers) for key, answers in self.told.items()},
            wishes=dict(self.wishes),
            declines=frozenset(self.declines),
            gone=frozenset(self.gone),
            late=(*self.late, *(self.raised if raised else ())),
            quiet=self.quiet,
            trouble=self.trouble,
        )


def open_floor(sim: Any, terms: SaleTerms, program: str = "open_sale") -> Floor:
    """Backends as they are before a sale, and two workers."""
    postgres = SimulatedPostgres(sim, SCHEMA.with_name("sale.sql"))
    postgres.seed("insert into stock (item, shard, free) values (%(item)s, 0, %(free)s)", item=terms.item, free=terms.stock)
    topic, gateway, redis = SimulatedTopic(), SimulatedGateway(sim), redis_for(sim)
    sim.service("postgres", postgres, reads=postgres.READS)
    sim.service("kafka", topic)
    sim.service("gateway", gateway, reads=gateway.READS)
    for worker in WORKERS:
        sim.process(worker, "shop.sale.Worker", terms, program, restart_after_ms=100)
    return Floor(sim, terms, postgres, topic, gateway, redis)


def bought(terms: SaleTerms, program: str = "open_sale") -> Story:
    """Everybody comes within a moment and keeps asking; then everything comes to rest."""

    async def play(sim: Any) -> None:
        floor = open_floor(sim, terms, program)
        worker = asyncio.ensure_future(floor.keep_working())
        numbered = list(enumerate(sim.input))
        await asyncio.gather(*(floor.buyer(word, number) for number, word in numbered if word[0] != LATE))
        worker.cancel()
        await floor.come_to_rest()
        for number, word in numbered:
            if word[0] == LATE:
                await floor.latecomer(word, number)
                await floor.come_to_rest()
        await floor.look_again()
        sim.snapshot("when all work is done", sale=floor.ending())

    return play
