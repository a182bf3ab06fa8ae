"""A sale: more buyers than units, all at once. What a sale's program is given, what it must have, and how it may answer.

A program has one entry point, ``open_sale``. Every worker process calls it once, and then calls what it returns:

>>> async with open_sale(at, terms) as sale:
...     await sale.handle({"key": "k-17", "buyer": "Ada", "correlation_id": "c-17", "again": False})
...     await sale.work()
...     await sale.ship({"purchase_id": "k-17", "version": 1, "kind": "OrderPlaced", "payload": {...}, "schema": 1})
{'status': 'paid'}
0

Several workers run at once, each may be killed at any moment, and then another one starts.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from shop.addresses import Addresses
from shop.book import SIMULATED, node_at
from shop.network import Node

__all__ = [
    "ANSWERS", "BUSY", "DECLINED", "EXPIRED", "FINAL", "HELD", "PAID", "SOLD_OUT", "STATUSES", "UNKNOWN", "WAITING", "Sale", "SaleTerms",
    "Worker", "ask_once", "opened", "ship_once", "work_once",
]  # fmt: skip

PAID = "paid"
"""The buyer has the unit and has paid for it, once. Final."""
DECLINED = "declined"
"""The card was declined: nothing is kept, nothing is held. Final."""
SOLD_OUT = "sold out"
"""There is no unit for this buyer and no place on the waiting list. Final."""
WAITING = "waiting"
"""On the waiting list: units that are held may come back. Ask again with the same key."""
UNKNOWN = "unknown"
"""Nobody knows yet, for instance whether the card was charged. Ask again with the same key."""
BUSY = "busy"
"""Not now: turned away before anything was done. Ask again with the same key."""
ANSWERS = (PAID, DECLINED, SOLD_OUT, WAITING, UNKNOWN, BUSY)
"""What ``handle`` may answer, as ``{"status": ...}``. An answer may say ``retry_after_s`` beside it."""
FINAL = (PAID, DECLINED, SOLD_OUT)
"""After these a buyer does not ask again, and whoever does hears the same."""

HELD = "held"
"""The status of a purchase for which a unit is kept while its payment is on its way."""
EXPIRED = "expired"
"""The status of a purchase whose unit was given back because its buyer never paid."""
STATUSES = (HELD, WAITING, PAID, DECLINED, SOLD_OUT, EXPIRED)
"""What ``purchase.status`` may say; when all work is done none of them is ``held``."""


@dataclass(frozen=True, kw_only=True)
class SaleTerms:
    """What is sold, and what the shop has promised. Every worker of a sale is given the same terms."""

    sale_id: str = "sale-1"
    item: str = "lamp"
    stock: int = 1000
    """Units. When the sale begins, the table ``stock`` has them in one row of this item, with shard 0; Redis is empty."""
    price: int = 4900
    """Of one unit, in cents. A buyer buys one."""
    hold_s: float = 2.0
    """For so many seconds a purchase that is not finished is left to whoever is at work on it; after that ``work`` may end it."""
    waiting_max: int = 200
    """Places on the waiting list."""
    line_max: int = 1000
    """So many requests may wait in one worker; whoever comes then hears something at once."""
    answer_s: float = 5.0
    """Every request is answered within so many seconds, whatever is away; with ``busy`` or ``unknown`` if need be."""


class Sale(Protocol):
    """What ``open_sale`` returns, itself or as an async context manager."""

    async def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request of one buyer: ``key`` (the same with every repeat), ``buyer``, ``correlation_id`` and ``again``.

        The key is the id of the purchase and of its payment. ``again`` is False as long as nothing can have been done for this
        key: at the first request, and after nothing but ``busy``. Returns ``{"status": one of ANSWERS}``. Many run at once.
        """

    async def work(self) -> int:
        """One round of what nobody waits for: relay, recovery, reconciliation, waiting list. How much was done; 0 when nothing is left.

        What is younger than ``hold_s`` counts as left until it is done: then it returns more than 0, or is called again.
        """

    async def ship(self, event: dict[str, Any]) -> None:
        """The topic delivers an event of a paid purchase, at least once. Its effect is one row of ``shipment``."""


def _of_the_program(name: str) -> Callable[[Addresses, SaleTerms], Any]:
    found = getattr(sys.modules["__main__"], name, None)
    if not callable(found):
        raise NameError(f"no cell defines {name}()")
    return found


@asynccontextmanager
async def opened(at: Addresses, terms: SaleTerms, program: str = "open_sale") -> AsyncIterator[Sale]:
    """The learner's sale, whichever way ``open_sale`` returns it: an object, an awaitable, or an async context manager."""
    found = _of_the_program(program)(at, terms)
    async with AsyncExitStack() as stack:
        if inspect.isawaitable(found):
            found = await found
        if hasattr(found, "__aenter__"):
            found = await stack.enter_async_context(found)
        yield found


class Worker:
    """A worker of a sale in virtual time: it opens the sale with its first call, and again when that did not work."""

    def __init__(self, node: Node, terms: SaleTerms, program: str = "open_sale") -> None:
        here = SIMULATED + node.name
        node_at(here, node)
        self._at = Addresses(postgres=here, kafka=here, gateway=here, redis="redis://redis:6379/0")
        self._terms, self._program = terms, program
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._sale: Sale | None = None

    async def _opened(self) -> Sale:
        async with self._lock:
            if self._sale is None:
                self._sale = await self._stack.enter_async_context(opened(self._at, self._terms, self._program))
            return self._sale

    async def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request of one buyer."""
        return await (await self._opened()).handle(request)

    async def work(self) -> int:
        """One round of background work."""
        return await (await self._opened()).work()

    async def ship(self, event: dict[str, Any]) -> None:
        """One delivery of one event."""
        await (await self._opened()).ship(event)


async def ask_once(at: Addresses, terms: SaleTerms, request: dict[str, Any]) -> dict[str, Any]:
    """A worker that starts, handles one request, and ends."""
    async with opened(at, terms) as sale:
        return await sale.handle(request)


async def work_once(at: Addresses, terms: SaleTerms) -> int:
    """A worker that starts, does one round of work, and ends."""
    async with opened(at, terms) as sale:
        return await sale.work()


async def ship_once(at: Addresses, terms: SaleTerms, event: dict[str, Any]) -> None:
    """A worker that starts, is given one event, and ends."""
    async with opened(at, terms) as sale:
        await sale.ship(event)


for _entry in (ask_once, work_once, ship_once):
    _entry.needs_program = True  # type: ignore[attr-defined]
