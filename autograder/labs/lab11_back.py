"""The services behind the outbox: the relay that publishes its rows, and the warehouse that packs what it reads."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from autograder.labs.lab11_orders import PARTITIONS, Order
from autograder.labs.lab11_signals import CORRELATION, SPAN

__all__ = ["Relay", "Warehouse"]

POLL_S = 1.5
ROW_S = 0.02
BATCH = 6
ATTEMPTS = 3
PACK_S = 0.2
RESTART_AFTER_S = 0.35
RESTARTS_FROM = 6
"""A warehouse that gets so many messages at once is restarted a moment later: the orchestrator moves it to a bigger machine."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """An event in the outbox, with the context of whoever wrote it."""

    id: int
    order: Order
    correlation_id: str
    span: str


class Relay:
    """Publishes what is in the outbox, row by row, and marks what it has published."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self.unpublished: list[Row] = []
        self._rows = 0
        self._tried: Counter[int] = Counter()

    def save(self, order: Order) -> int:
        """A row that is committed with its order."""
        self._rows += 1
        self.unpublished.append(Row(id=self._rows, order=order, correlation_id=CORRELATION.get(), span=SPAN.get()))
        return self._rows

    async def run(self) -> None:
        """Poll."""
        while True:
            await asyncio.sleep(POLL_S)
            batch = self.unpublished[:12]
            if batch:
                await self._publish(batch)

    async def _publish(self, batch: list[Row]) -> None:
        desk, shop, sent = self._shop.desk, self._shop, []
        borrows = shop.broken("borrowed context")
        for row in batch:
            await asyncio.sleep(ROW_S)
            CORRELATION.set(batch[0].correlation_id if borrows else row.correlation_id)
            SPAN.set(row.span)
            with desk.span("relay", "publish"):
                if self._refuses(row):
                    desk.log("relay", "publish.failed", "warning", outbox_id=row.id, order_id=row.order.id, reason="not enough replicas")
                    continue
                sent.append(row)
                offset = shop.warehouse.append(row.order)
                line = desk.log(
                    "relay", "event.published", outbox_id=row.id, order_id=row.order.id, partition=row.order.partition, offset=offset
                )
                if borrows and row is not batch[0]:
                    shop.broke(line)
                    shop.ending(row.order).foreign_lines = True
        CORRELATION.set("")
        SPAN.set("")
        marked = batch if shop.broken("marked and not sent") else sent
        line = desk.log("relay", "batch.marked", outbox_ids=[row.id for row in marked])
        if len(marked) > len(sent):
            shop.broke(line)
        self.unpublished = [row for row in self.unpublished if row not in marked]
        if len(sent) >= RESTARTS_FROM:
            shop.warehouse.restart_soon()

    def _refuses(self, row: Row) -> bool:
        self._tried[row.id] += 1
        return row.order.unsent and self._tried[row.id] == 1


@dataclass(frozen=True, kw_only=True)
class Message:
    """One event in a Kafka partition, with the context that its headers carry."""

    order: Order
    correlation_id: str
    span: str


class Warehouse:
    """Reads three Kafka partitions, each in order; packs, or sets aside what cannot be packed."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self._log: list[list[Message]] = [[] for _ in range(PARTITIONS)]
        self._committed = [0] * PARTITIONS
        self._arrived = [asyncio.Event() for _ in range(PARTITIONS)]
        self._packed: set[str] = set()
        self._restarts: list[asyncio.Task[None]] = []
        self._generation = 0

    def append(self, order: Order) -> int:
        """A message at the end of its partition; its offset."""
        self._log[order.partition].append(Message(order=order, correlation_id=CORRELATION.get(), span=SPAN.get()))
        self._arrived[order.partition].set()
        return len(self._log[order.partition]) - 1

    def lag(self) -> dict[int, int]:
        """Messages behind each committed offset."""
        return {place: len(self._log[place]) - self._committed[place] for place in range(PARTITIONS)}

    def runs(self) -> list[Coroutine[Any, Any, None]]:
        """One reader for each partition."""
        return [self._partition(place) for place in range(PARTITIONS)]

    def restart_soon(self) -> None:
        """The process is replaced in a moment; what it holds in memory is gone then."""
        self._restarts.append(asyncio.create_task(self._restart()))

    async def _restart(self) -> None:
        await asyncio.sleep(RESTART_AFTER_S)
        CORRELATION.set("")
        SPAN.set("")
        self._generation += 1
        self._shop.desk.log("warehouse", "process.started", "warning", instance=self._generation + 1)

    async def _partition(self, place: int) -> None:
        while True:
            generation, first = self._generation, self._committed[place]
            batch = self._log[place][first : first + BATCH]
            if not batch:
                self._arrived[place].clear()
                await self._arrived[place].wait()
                continue
            if self._shop.broken("early commit"):
                self._commit(place, first + len(batch), early=True)
            for offset, message in enumerate(batch, first):
                done = await self._handle(place, offset, message, generation)
                if generation != self._generation or not done:
                    break
                if self._committed[place] <= offset:
                    self._commit(place, offset + 1)

    def _commit(self, place: int, offset: int, *, early: bool = False) -> None:
        CORRELATION.set("")
        SPAN.set("")
        self._committed[place] = offset
        line = self._shop.desk.log("warehouse", "offset.committed", partition=place, offset=offset)
        if early:
            self._shop.broke(line)

    async def _handle(self, place: int, offset: int, message: Message, generation: int) -> bool:
        desk, shop, order = self._shop.desk, self._shop, message.order
        CORRELATION.set(message.correlation_id)
        SPAN.set(message.span)
        with desk.span("warehouse", "pack"):
            desk.log("warehouse", "message.received", order_id=order.id, partition=place, offset=offset)
            attempt = 0
            while True:
                attempt += 1
                await asyncio.sleep(PACK_S if attempt == 1 else 3 * PACK_S)
                if generation != self._generation:
                    return False
                if not order.poison and not (order.stumbles and attempt == 1):
                    break
                reason = "no box fits" if order.stumbles else "unknown item code"
                line = desk.log("warehouse", "message.failed", "error", order_id=order.id, attempt=attempt, reason=reason)
                if attempt > ATTEMPTS:
                    shop.broke(line)
                if attempt >= ATTEMPTS and not shop.broken("poison loop"):
                    desk.log("warehouse", "message.set_aside", "warning", order_id=order.id, attempts=attempt)
                    shop.ending(order).set_aside += 1
                    return True
            if order.id not in self._packed:
                self._packed.add(order.id)
                shop.ending(order).packed += 1
                desk.log("warehouse", "parcel.packed", order_id=order.id)
        return True
