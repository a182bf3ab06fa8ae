"""The running shop of lab 11: eight services in virtual time, each with a contract, one of which one of them may break.

The services are really run: orders queue for connections, time out, are tried again, wait in an outbox and in Kafka
partitions. A fault changes what one service does; everything else follows. Each service keeps what its contract says
(:mod:`autograder.labs.lab11_contracts`), and the line with which it first does not is marked by :meth:`Shop.broke`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

from autograder.labs.lab11_back import Relay, Warehouse
from autograder.labs.lab11_desk import Cache, Gateway, Payment, Pool, Refused, Stock
from autograder.labs.lab11_orders import SALES_S, Day, Order, ordinary_day
from autograder.labs.lab11_signals import CORRELATION, Desk, Signals
from autograder.simulation.loop import VirtualLoop
from autograder.simulation.stuck import Stuck

__all__ = ["END_S", "KINDS", "Ending", "Fault", "Recorded", "Shop", "record"]

END_S = 80.0
SAMPLE_EVERY_S = 2.0

KINDS = {
    "leaked connections": "pool",
    "cache stampede": "cache",
    "stale prices": "cache",
    "clock skew": "stock",
    "retry storm": "payment",
    "slow gateway": "gateway",
    "forgotten keys": "gateway",
    "lost context": "api",
    "borrowed context": "relay",
    "marked and not sent": "relay",
    "poison loop": "warehouse",
    "early commit": "warehouse",
}
"""What can be injected, and whose contract it breaks."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What one service does wrong, from when to when."""

    kind: str
    from_s: float
    until_s: float


@dataclass
class Ending:
    """What became of one order, as far as its buyer and the shop's owner care."""

    status: int = 0
    charges: int = 0
    packed: int = 0
    set_aside: int = 0
    stale_price: bool = False
    foreign_lines: bool = False


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One run: its signals, and what only the judge knows of it."""

    signals: Signals
    endings: dict[str, Ending] = field(hash=False)
    first_broken: str
    """The line with which the contract was first broken; empty where it was kept."""


class Shop:
    """One run in the making."""

    def __init__(self, day: Day, fault: Fault | None, seed: str) -> None:
        self.day, self.fault, self.seed = day, fault, seed
        self.desk = Desk(Random(f"{seed}/clocks"))
        self.endings = {order.id: Ending() for order in day.orders}
        self.first_broken = ""
        self.pool, self.cache, self.stock = Pool(self), Cache(self), Stock(self)
        self.gateway, self.payment = Gateway(self), Payment(self)
        self.relay, self.warehouse = Relay(self), Warehouse(self)
        self._last_id = ""

    def broken(self, kind: str) -> bool:
        """Is this what goes wrong now?"""
        now_s = asyncio.get_running_loop().time()
        return self.fault is not None and self.fault.kind == kind and self.fault.from_s <= now_s < self.fault.until_s

    def broke(self, line: str) -> None:
        """With this line a contract is broken; the first one counts."""
        self.first_broken = self.first_broken or line

    def chance(self, *of: Any) -> Random:
        """A stream of its own for everything, so that a fault changes nobody else's luck."""
        return Random("/".join(map(str, (self.seed, *of))))

    def ending(self, order: Order) -> Ending:
        """What becomes of it."""
        return self.endings[order.id]

    async def run(self) -> None:
        """The whole recording."""
        background = [self.relay.run(), *self.warehouse.runs(), self._sampler(), self._deployer(), self._clock(), self._recycle()]
        tasks = [asyncio.create_task(one) for one in background]
        orders = [asyncio.create_task(self._order(order)) for order in self.day.orders]
        await asyncio.sleep(END_S)
        for task in (*tasks, *orders):
            task.cancel()
        await asyncio.gather(*tasks, *orders, return_exceptions=True)

    # ---- the front of the shop

    async def _order(self, order: Order) -> None:
        await asyncio.sleep(order.at_s)
        CORRELATION.set(order.correlation_id)
        with self.desk.span("api", "POST /orders"):
            began_s = asyncio.get_running_loop().time()
            self.desk.log("api", "request.received", order_id=order.id, item=order.item)
            try:
                await self._checkout(order)
                status, level = 201, "info"
            except Refused as refused:
                status, level = refused.status, "error" if refused.status >= 500 else "warning"
            took_ms = round(1000 * (asyncio.get_running_loop().time() - began_s))
            self.ending(order).status = status
            self.desk.log("api", "request.answered", level, order_id=order.id, status=status, ms=took_ms)
        if order.bounced:
            self.desk.log("api", "receipt.bounced", "error", order_id=order.id, reason="mailbox full")

    async def _checkout(self, order: Order) -> None:
        price = await self.cache.price(order)
        until_s = await asyncio.create_task(self._in_a_worker(order))
        try:
            await self.payment.charge(order, price)
        except Refused:
            await self.stock.release(order)
            raise
        if self.desk.now_s("api") > until_s:
            self.desk.log("api", "reservation.expired", "error", order_id=order.id)
            self.gateway.refund(order)
            raise Refused(503)
        row = self.relay.save(order)
        self.desk.log("api", "order.placed", order_id=order.id, outbox_id=row)

    async def _in_a_worker(self, order: Order) -> float:
        """Stock is asked from a worker of the API's pool, which has to be given the order's context."""
        loses = self.broken("lost context") and self._last_id and self.chance("loses", order.id).random() < 0.55
        if loses:
            CORRELATION.set(self._last_id)
            self.ending(order).foreign_lines = True
        line = self.desk.log("api", "stock.asked", order_id=order.id)
        if loses:
            self.broke(line)
        self._last_id = order.correlation_id
        return await self.stock.reserve(order)

    # ---- what happens beside the orders

    async def _deployer(self) -> None:
        for at_s, service in sorted(self.day.deploys):
            await asyncio.sleep(at_s - asyncio.get_running_loop().time())
            version = self.chance("version", service).randrange(100, 200)
            self.desk.log(service, "config.loaded", version=version)

    async def _clock(self) -> None:
        if self.fault is None or self.fault.kind != "clock skew":
            return
        await asyncio.sleep(self.fault.from_s)
        self.stock.clock_stepped, step_s = True, self.chance("step").uniform(12, 16)
        self.desk.off_s["stock"] -= step_s
        await asyncio.sleep(self.fault.until_s - self.fault.from_s)
        self.stock.clock_stepped = False
        self.desk.off_s["stock"] += step_s

    async def _recycle(self) -> None:
        """Somebody restarts the pool when its connections have leaked for a while."""
        if self.fault is not None and self.fault.kind == "leaked connections":
            await asyncio.sleep(self.fault.until_s)
            self.pool.recycle()

    async def _sampler(self) -> None:
        while True:
            counts = {"ok": 0, "failed": 0}
            for ending in self.endings.values():
                if ending.status:
                    counts["failed" if ending.status >= 500 else "ok"] += 1
            for outcome, count in counts.items():
                self.desk.sample("shop_requests_total", count, f'outcome="{outcome}"')
            self.desk.sample("shop_pool_in_use", self.pool.in_use)
            self.desk.sample("shop_pool_waiting", self.pool.waiting)
            self.desk.sample("shop_gateway_attempts_total", self.gateway.asked)
            self.desk.sample("shop_outbox_unpublished", len(self.relay.unpublished))
            for partition, lag in self.warehouse.lag().items():
                self.desk.sample("shop_consumer_lag", lag, f'partition="{partition}"')
            await asyncio.sleep(SAMPLE_EVERY_S)


def record(seed: str, kind: str, *, with_fault: bool = True) -> Recorded:
    """Run the shop of a seed, with its fault or without: the same orders, the same ordinary troubles, the same luck."""
    chance = Random(f"{seed}/fault")
    from_s = chance.uniform(SALES_S[1] - 8, SALES_S[1] - 2)
    fault = Fault(kind=kind, from_s=from_s, until_s=from_s + chance.uniform(*_LASTS_S.get(kind, (60, 60))))
    shop = Shop(ordinary_day(Random(f"{seed}/day"), from_s), fault if with_fault else None, seed)
    _in_virtual_time(shop)
    return Recorded(signals=shop.desk.signals(), endings=shop.endings, first_broken=shop.first_broken)


_LASTS_S = {
    "leaked connections": (20, 26),
    "stale prices": (6, 12),
    "clock skew": (6, 10),
    "retry storm": (20, 25),
    "slow gateway": (5, 8),
    "lost context": (9, 14),
    "borrowed context": (7, 12),
}
"""For how long a fault lasts; those that are not here last to the end."""


def _in_virtual_time(shop: Shop) -> None:
    def wait(until_s: float | None) -> None:
        if until_s is None:
            raise Stuck("nothing is left to happen in this shop")
        loop.now = until_s

    def circles() -> None:
        raise Stuck("this shop turns in circles")

    loop = VirtualLoop(wait, circles)
    try:
        loop.run_until_complete(shop.run())
    finally:
        loop.close()
