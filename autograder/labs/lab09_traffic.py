"""The stories that lab 9 plays in virtual time: traffic of buyers, a database that takes 100 ms, and a Redis that may die."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from autograder.explore.virtual_redis import SimulatedRedis, redis_for
from autograder.invariants.caching import Question, Request

__all__ = ["Database", "Story", "crowd", "dead_cache", "filled_together", "nobody_waits_for_the_dead", "unicorns"]

Story = Callable[[Any], Coroutine[Any, Any, None]]

WORK_S = 0.1
"""How long the database takes for one question."""
PATIENCE_MS = 5000
EVERYTHING = 500
BUYERS_DRAWN = 2
"""So many buyers stand in the picture of each moment; what their looks cause stands beside them."""
INSTANCES = ("shop-1", "shop-2")
OLD, NEW = 9000, 8000


class Camera:
    """What stands in the picture: what happens from these moments on, a few events each time."""

    def __init__(self, sim: Any, moments_s: Sequence[float], events: int) -> None:
        self._sim, self._events = sim, events
        self._moments, self._left = deque(moments_s), 0

    def __call__(self, *args: Any) -> bool:
        """Is the next event drawn?"""
        if self._moments and self._moments[0] * 1000 <= self._sim.now_ms:
            self._moments.popleft()
            self._left = self._events
        self._left -= 1
        return self._left >= 0


class Database:
    """The products, and a note of every question."""

    def __init__(self, sim: Any, products: Iterable[str]) -> None:
        self.sim = sim
        self.prices = dict.fromkeys(products, OLD)
        self.questions: list[Question] = []

    async def product(self, product_id: str) -> dict[str, Any] | None:
        """The product as it is now, or None, after 100 ms."""
        start_s, instance = self.sim.now_ms / 1000, self.sim.caller
        await asyncio.sleep(WORK_S)
        self.questions.append(
            Question(instance=instance, product=product_id, start_s=start_s, end_s=self.sim.now_ms / 1000)
        )
        price = self.prices.get(product_id)
        return None if price is None else {"id": product_id, "name": product_id, "price": price}


class Crowd:
    """Everybody who looks at a page, and what they were told."""

    def __init__(self, sim: Any, drawn: Callable[..., bool]) -> None:
        self.sim, self.drawn = sim, drawn
        self.requests: list[Request] = []

    async def look(self, instance: str, product: str) -> Request:
        """One buyer looks; whoever hears that the process died asks again, at the other instance."""
        buyer = self.sim.client("buyer", timeout_ms=PATIENCE_MS, recorded=self.drawn())
        at_s = self.sim.now_ms / 1000
        answer = await buyer.call(instance, "get", product)
        if not answer.ok and "connection was lost" in (answer.error or ""):
            answer = await buyer.call(INSTANCES[instance == INSTANCES[0]], "get", product)
        told = "product" if answer.value else "nothing"
        if not answer.ok:
            told = "later" if (answer.error or "").startswith("unavailable") else "broken"
        price = answer.value.get("price") if isinstance(answer.value, dict) else None
        made = Request(
            product=product, at_s=at_s, ms=self.sim.now_ms - at_s * 1000, told=told, price=price, error=answer.error or ""
        )
        self.requests.append(made)
        return made


def crowd(make: str, buyers: int = 16) -> Story:
    """A crowd looks at one lamp: when nobody has looked before, and around the end of its time in the cache."""

    async def play(sim: Any) -> None:
        database, people, _ = _shop(sim, make, ("lamp",), moments_s=(0, 59))
        await _together(people, "lamp", buyers)
        await _until(sim, 53)
        looks = []
        while sim.now_ms / 1000 < 67:
            looks.append(asyncio.ensure_future(people.look(INSTANCES[len(looks) % 2], "lamp")))
            await asyncio.sleep(0.05)
        await asyncio.gather(*looks)
        _told(sim, database, people, stock=dict(database.prices))

    return play


def nobody_waits_for_the_dead(make: str, buyers: int = 6) -> Story:
    """A crowd looks at one lamp, and whoever goes to fetch it may die on the way."""

    async def play(sim: Any) -> None:
        database, people, _ = _shop(sim, make, ("lamp",), moments_s=(0,), events=EVERYTHING, restart_after_ms=None)
        first = asyncio.ensure_future(_together(people, "lamp", buyers // 2, INSTANCES[:1]))
        await asyncio.sleep(0.03)
        await _together(people, "lamp", buyers // 2, INSTANCES[1:])
        await first
        await asyncio.sleep(1)
        await people.look("shop-2", "lamp")
        _told(sim, database, people, stock=dict(database.prices))

    return play


def filled_together(make: str, count: int = 40) -> Story:
    """Forty products are looked at in the same second; a minute later all of them again, every second."""

    async def play(sim: Any) -> None:
        products = [f"p-{number}" for number in range(count)]
        database, people, _ = _shop(sim, make, products, moments_s=(0, 59.5))
        await asyncio.gather(*(people.look(INSTANCES[number % 2], product) for number, product in enumerate(products)))
        await _until(sim, 51)
        left = set(products)
        for _ in range(18):
            await asyncio.gather(*(people.look(INSTANCES[0], product) for product in sorted(left)))
            asked = [question.product for question in database.questions]
            left = {product for product in left if asked.count(product) < 2}
            await asyncio.sleep(1 - (sim.now_ms / 1000) % 1)
        _told(sim, database, people, stock=dict(database.prices))

    return play


def unicorns(make: str) -> Story:
    """Somebody asks for what the shop does not have, again and again; then the shop has it."""

    async def play(sim: Any) -> None:
        database, people, _ = _shop(sim, make, (), moments_s=(0, 0.4, 12, 22.5))
        born_s = 12.0
        while sim.now_ms / 1000 < born_s + 14:
            await people.look(INSTANCES[0], "unicorn")
            await asyncio.sleep(0.4)
            if sim.now_ms / 1000 >= born_s and "unicorn" not in database.prices:
                database.prices["unicorn"] = OLD
                sim.note("from now on the shop has the unicorn", "database")
        _told(sim, database, people, stock=dict(database.prices), born={"unicorn": born_s + 0.5})

    return play


def dead_cache(make: str, trouble: str, *, products: int = 10, per_s: int = 80) -> Story:
    """80 buyers a second look at ten products; for some seconds the cache is dead, silent, or back with nothing in it."""

    async def play(sim: Any) -> None:
        names = [f"p-{number}" for number in range(products)]
        away_s, back_s = 3.0, 9.0
        moments = (0, away_s, 6, 7.2, back_s)
        database, people, redis = _shop(sim, make, names, moments_s=moments, events=8)
        for name in names:
            await people.look(INSTANCES[0], name)
        sim.spawn(_trouble(sim, redis, trouble, away_s, back_s))
        sim.spawn(_new_prices(sim, database, redis, names, 6.0))
        looks: list[Any] = []
        number = 0
        while sim.now_ms / 1000 < back_s + 5:
            number += 1
            name = names[sim.random.randrange(products)]
            looks.append(asyncio.ensure_future(people.look(INSTANCES[number % 2], name)))
            await asyncio.sleep(1 / per_s)
        await asyncio.gather(*looks)
        during = {"away_s": away_s, "back_s": back_s, "changed_s": 6.0, "old_price": OLD, "new_price": NEW}
        _told(sim, database, people, **during)

    return play


async def _trouble(sim: Any, redis: SimulatedRedis, trouble: str, away_s: float, back_s: float) -> None:
    """What happens to the cache, and when."""
    await _until(sim, away_s)
    sim.note({"dies": "Redis dies", "hangs": "Redis is silent", "empties": "Redis dies and is back at once, empty"}[trouble])
    if trouble == "hangs":
        sim.network.isolate("redis")
    else:
        redis.stop()
    if trouble == "empties":
        redis.start(empty=True)
        return
    await _until(sim, back_s)
    sim.network.heal()
    if trouble == "dies":
        redis.start(empty=True)
    else:
        redis.execute("FLUSHALL")
    sim.note("Redis is back, with nothing in it")


async def _new_prices(sim: Any, database: Database, redis: SimulatedRedis, names: list[str], at_s: float) -> None:
    """Prices change, and whoever changes them deletes the keys, as far as Redis can be reached."""
    await _until(sim, at_s)
    database.prices = dict.fromkeys(names, NEW)
    sim.note("all prices change")
    redis.execute("FLUSHALL")


# ---- what they share


async def _until(sim: Any, at_s: float) -> None:
    """Wait until so many seconds have passed since the start."""
    await asyncio.sleep(max(0.0, at_s - sim.now_ms / 1000))


def _shop(
    sim: Any,
    make: str,
    products: Iterable[str],
    *,
    moments_s: Sequence[float],
    events: int = 12,
    restart_after_ms: float | None = 1000,
) -> tuple[Database, Crowd, SimulatedRedis]:
    database, camera = Database(sim, products), Camera(sim, moments_s, events)
    buyers = Camera(sim, moments_s, BUYERS_DRAWN if events < EVERYTHING else events)
    sim.network.latency(0, 1)
    sim.service("database", database, reads=("product",), recorded=camera)
    redis = redis_for(sim)
    redis.drawn = camera
    for name in INSTANCES:
        sim.process(name, make, restart_after_ms=restart_after_ms)
    return database, Crowd(sim, buyers), redis


async def _together(people: Crowd, product: str, buyers: int, instances: Sequence[str] = INSTANCES) -> None:
    await asyncio.gather(*(people.look(instances[number % len(instances)], product) for number in range(buyers)))


def _told(sim: Any, database: Database, people: Crowd, **known: Any) -> None:
    sim.snapshot("in the end", questions=database.questions, requests=people.requests, **known)
