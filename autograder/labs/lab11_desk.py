"""The services in front of the outbox: connection pool, cache of prices, stock, payment, and the payment gateway."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from autograder.labs.lab11_orders import Order
from autograder.labs.lab11_signals import clock_text

__all__ = ["Cache", "Gateway", "Payment", "Pool", "Refused", "Stock"]

CONNECTIONS = 4
CONNECTION_WAIT_S = 1.0
PRICE_KEPT_S = 20.0
FETCH_S = 0.7
RESERVED_S = 10.0
ATTEMPTS = 3
STORM_ATTEMPTS = 9
PAUSES_S = (0.4, 0.8)
ATTEMPT_S = 1.0
GATEWAY_PER_S = 10
CENTS = {"lamp": 4900, "mug": 900, "kettle": 3900, "chair": 8900, "vase": 2500}


def _now_s() -> float:
    return asyncio.get_running_loop().time()


class Refused(Exception):
    """An order that ends here, with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class Pool:
    """Connections to the database, for stock and for the prices."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._free = asyncio.Queue[int]()
        for number in range(1, CONNECTIONS + 1):
            self._free.put_nowait(number)
        self.waiting = 0
        self._leaked: list[int] = []

    @property
    def in_use(self) -> int:
        """Connections that somebody holds."""
        return CONNECTIONS - self._free.qsize()

    def recycle(self) -> None:
        """Every connection is made anew, also those that nobody gave back."""
        self._shop.desk.log("pool", "pool.recycled", "warning", connections=CONNECTIONS)
        while self._leaked:
            self._free.put_nowait(self._leaked.pop())

    @asynccontextmanager
    async def connection(self, *, leaks: bool = False) -> AsyncIterator[None]:
        """Hold one; raises Refused when none came free in time."""
        desk, began_s = self._shop.desk, _now_s()
        self.waiting += 1
        try:
            async with asyncio.timeout(CONNECTION_WAIT_S):
                number = await self._free.get()
        except TimeoutError:
            desk.log("pool", "connection.refused", "error", waited_ms=round(1000 * CONNECTION_WAIT_S))
            raise Refused(503) from None
        finally:
            self.waiting -= 1
        taken_s = _now_s()
        line = desk.log("pool", "connection.taken", connection=number, waited_ms=round(1000 * (taken_s - began_s)))
        leaks = leaks and self._shop.broken("leaked connections")
        if leaks:
            self._shop.broke(line)
            self._leaked.append(number)
        try:
            yield
        finally:
            if not leaks:
                self._free.put_nowait(number)
                desk.log("pool", "connection.returned", connection=number, held_ms=round(1000 * (_now_s() - taken_s)))


class Cache:
    """Prices, kept for a while; while one is fetched, whoever else wants it waits for that fetch."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._kept: dict[str, tuple[int, float]] = {}
        self._fetches: dict[str, asyncio.Task[None]] = {}

    async def price(self, order: Order) -> int:
        """What the item costs, in cents."""
        item = order.item
        with self._shop.desk.span("cache", "price"):
            try:
                if not self._hit(order):
                    await self._fetched(item)
            except Refused:
                self._shop.desk.log("cache", "price.unavailable", "warning", item=item)
                raise
        return self._kept[item][0]

    def _hit(self, order: Order) -> bool:
        if order.item not in self._kept:
            return False
        age_s = _now_s() - self._kept[order.item][1]
        is_old = age_s > PRICE_KEPT_S
        if is_old and not self._shop.broken("stale prices"):
            return False
        line = self._shop.desk.log("cache", "price.hit", item=order.item, age_s=round(age_s, 1))
        if is_old:
            self._shop.broke(line)
            self._shop.ending(order).stale_price = True
        return True

    async def _fetched(self, item: str) -> None:
        running = self._fetches.get(item)
        if running is not None and not running.done() and not self._shop.broken("cache stampede"):
            self._shop.desk.log("cache", "price.awaited", item=item)
            await asyncio.shield(running)
            return
        line = self._shop.desk.log("cache", "price.fetching", item=item)
        if running is not None and not running.done():
            self._shop.broke(line)
        self._fetches[item] = asyncio.create_task(self._fetch(item))
        await asyncio.shield(self._fetches[item])

    async def _fetch(self, item: str) -> None:
        async with self._shop.pool.connection():
            await asyncio.sleep(FETCH_S)
        self._kept[item] = CENTS[item], _now_s()
        self._shop.desk.log("cache", "price.kept", item=item)


class Stock:
    """Reserves what is ordered, for a while."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self.clock_stepped = False

    async def reserve(self, order: Order) -> float:
        """Until when it is reserved, as stock's own clock has it."""
        chance, desk = self._shop.chance("reserve", order.id), self._shop.desk
        with desk.span("stock", "reserve"):
            async with self._shop.pool.connection():
                await asyncio.sleep(chance.uniform(0.02, 0.06))
                if chance.random() < 0.06:
                    await asyncio.sleep(0.15)
                    self._seen(desk.log("stock", "slow.query", "warning", ms=round(chance.uniform(170, 210))))
                until_s = desk.now_s("stock") + RESERVED_S
                self._seen(desk.log("stock", "stock.reserved", order_id=order.id, until=clock_text(until_s)))
        return until_s

    async def release(self, order: Order) -> None:
        """Give back what was reserved."""
        desk = self._shop.desk
        with desk.span("stock", "release"):
            async with self._shop.pool.connection(leaks=True):
                await asyncio.sleep(self._shop.chance("release", order.id).uniform(0.02, 0.06))
                self._seen(desk.log("stock", "stock.released", order_id=order.id))

    def _seen(self, line: str) -> None:
        if self.clock_stepped:
            self._shop.broke(line)


class Gateway:
    """Takes money: so many attempts a second, quickly, and one charge per key."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._keys: dict[str, str] = {}
        self._recent_s: deque[float] = deque()
        self.asked = 0

    async def charge(self, order: Order, key: str, attempt: int) -> str:
        """``made``, ``declined`` or ``busy``; whoever asks may not hear it."""
        shop, desk = self._shop, self._shop.desk
        self.asked += 1
        with desk.span("gateway", "charge"):
            if self._is_busy():
                await asyncio.sleep(0.03)
                desk.log("gateway", "charge.busy", "warning", key=key)
                return "busy"
            began_s, chance = _now_s(), shop.chance("gateway", order.id, attempt)
            known = key in self._keys
            forgets = known and shop.broken("forgotten keys")
            self._keys.setdefault(key, f"c-{len(self._keys) + 1}")
            slow = shop.broken("slow gateway")
            await asyncio.sleep(chance.uniform(1.4, 2.6) if slow else chance.uniform(0.1, 0.5))
            took_ms = round(1000 * (_now_s() - began_s))
            if order.declined:
                line = desk.log("gateway", "charge.declined", "warning", key=key, ms=took_ms)
            elif known and not forgets:
                line = desk.log("gateway", "charge.repeated", key=key, ms=took_ms)
            else:
                line = desk.log("gateway", "charge.made", key=key, ms=took_ms)
                shop.ending(order).charges += 1
            if slow or forgets:
                shop.broke(line)
        return "declined" if order.declined else "made"

    def refund(self, order: Order) -> None:
        """Give the money back."""
        self._shop.desk.log("gateway", "charge.refunded", key=f"k-{order.id}")
        self._shop.ending(order).charges -= 1

    def _is_busy(self) -> bool:
        now_s, hiccup_s = _now_s(), self._shop.day.hiccup_s
        while self._recent_s and self._recent_s[0] <= now_s - 1.0:
            self._recent_s.popleft()
        self._recent_s.append(now_s)
        return len(self._recent_s) > GATEWAY_PER_S or hiccup_s <= now_s < hiccup_s + 1.0


class Payment:
    """Asks the gateway, and asks again after a pause, three times at most."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop

    async def charge(self, order: Order, cents: int) -> None:
        """Raises Refused when the bank says no, or when nobody says anything."""
        shop, desk, key = self._shop, self._shop.desk, f"k-{order.id}"
        with desk.span("payment", "charge"):
            attempt = 0
            while True:
                attempt += 1
                pause_s = self._pause_s(order, attempt)
                await asyncio.sleep(pause_s)
                line = desk.log("payment", "charge.attempt", key=key, cents=cents, attempt=attempt, pause_ms=round(1000 * pause_s))
                if attempt > 1 and pause_s < PAUSES_S[0]:
                    shop.broke(line)
                ended = await self._attempt(order, key, attempt)
                if ended == "made":
                    return
                if ended == "declined":
                    raise Refused(402)
                if attempt >= (STORM_ATTEMPTS if shop.broken("retry storm") else ATTEMPTS):
                    desk.log("payment", "charge.failed", "error", key=key, last=ended)
                    raise Refused(503)

    def _pause_s(self, order: Order, attempt: int) -> float:
        if attempt == 1 or self._shop.broken("retry storm"):
            return 0.0
        least_s = PAUSES_S[min(attempt, ATTEMPTS) - 2]
        return self._shop.chance("pause", order.id, attempt).uniform(least_s, 2 * least_s)

    async def _attempt(self, order: Order, key: str, attempt: int) -> str:
        asked = asyncio.create_task(self._shop.gateway.charge(order, key, attempt))
        began_s = _now_s()
        try:
            async with asyncio.timeout(ATTEMPT_S):
                ended = await asyncio.shield(asked)
                if attempt <= order.answers_lost and ended != "busy":
                    await asyncio.sleep(ATTEMPT_S)
                return ended
        except TimeoutError:
            self._shop.desk.log("payment", "charge.unanswered", "warning", key=key, attempt=attempt, ms=round(1000 * (_now_s() - began_s)))
            return "unanswered"
