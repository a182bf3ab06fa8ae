"""The stories of lab 12's product page: a catalog that can be flooded, and recommendations that fail in four ways.

A word is a visitor, or a pause: ``k1`` finds the recommendations well, ``e2`` is refused by them, ``b3`` finds them broken,
``s4`` waits two seconds for them, ``n5`` for ever; ``p100`` is ten seconds in which nobody comes.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from autograder.invariants.degradation import PRICE_OLD_S_MAX, SHOWN, Visit, recommended_to
from shop.network import Broken, Refused, Unavailable

__all__ = ["outage", "visits"]

Story = Callable[[Any], Coroutine[Any, Any, None]]

VISITORS = ("Ada", "Bao", "Chidi", "Dana", "Emre", "Fatou", "Goran", "Hana")
PRODUCTS = {"lamp": 4900, "mug": 900, "sofa": 69900}
BROWSER_WAITS_MS = 10_000
BETWEEN_VISITORS_S = 1.0
EDITION_S = 20.0
"""How long bestsellers stay the same."""
PRICES_CHANGE_MS = 12_000.0
"""When everything becomes a tenth dearer."""


class Recommendations:
    """Answers in 20 to 100 ms, unless it is down."""

    def __init__(self, sim: Any) -> None:
        self._sim = sim
        self.trouble = "k"
        self.answered_ms: dict[str, float] = {}
        """When each buyer was recommended something for the first time."""

    async def for_buyer(self, *args: Any) -> list[str]:
        """Three things for this buyer."""
        if len(args) != 2 or not all(isinstance(arg, str) for arg in args):
            raise Refused("for_buyer takes a buyer and a product: two texts", 400)
        trouble = self.trouble
        if trouble == "e":
            raise Unavailable("the recommendations are restarting")
        if trouble == "n":
            await self._sim.never()
        await asyncio.sleep(2.0 if trouble == "s" else self._sim.random.uniform(0.02, 0.1))
        if trouble == "b":
            raise Broken("the recommendations lost their model")
        self.answered_ms.setdefault(args[0], self._sim.now_ms)
        return recommended_to(args[0])


class Catalog:
    """Serves two calls at a time, and lets the others wait: 40 ms for a product, 80 ms for the bestsellers."""

    SERVERS = 2
    WORK_S = {"product": 0.04, "bestsellers": 0.08}

    def __init__(self, sim: Any) -> None:
        self._sim = sim
        self._free_s = [0.0] * self.SERVERS
        self.arrivals_ms: list[float] = []
        self.editions: list[tuple[float, list[str]]] = []
        """Until when these were the bestsellers, in milliseconds."""

    async def product(self, *args: Any) -> dict[str, Any]:
        """Name and price."""
        if len(args) != 1 or args[0] not in PRODUCTS:
            raise Refused(f"there is no product {args!r}", 404)
        await self._work("product")
        return product_of(args[0], self._sim.now_ms)

    async def bestsellers(self) -> list[str]:
        """What sells best now."""
        await self._work("bestsellers")
        return self.now()

    def now(self) -> list[str]:
        """This edition; it is noted how long it is true."""
        edition = int(self._sim.now_ms / 1000 // EDITION_S) + 1
        while len(self.editions) < edition:
            number = len(self.editions) + 1
            named = [f"bestseller-{number}-{place}" for place in range(1, SHOWN + 1)]
            self.editions.append((number * EDITION_S * 1000, named))
        return self.editions[edition - 1][1]

    async def _work(self, kind: str) -> None:
        now_s = self._sim.now_ms / 1000
        self.arrivals_ms.append(self._sim.now_ms)
        done_s = max(now_s, heapq.heappop(self._free_s)) + self.WORK_S[kind]
        heapq.heappush(self._free_s, done_s)
        await asyncio.sleep(done_s - now_s)


def product_of(product_id: str, at_ms: float) -> dict[str, Any]:
    """What the catalog says of a product at this moment.

    >>> product_of("lamp", 11_999.0), product_of("lamp", 12_000.0)
    ({'name': 'lamp', 'cents': 4900}, {'name': 'lamp', 'cents': 5390})
    """
    cents = PRODUCTS[product_id]
    return {"name": product_id, "cents": cents if at_ms < PRICES_CHANGE_MS else cents * 11 // 10}


def visits(function: str) -> Story:
    """One visitor after the other."""

    async def play(sim: Any) -> None:
        catalog, recommendations = _shop(sim, recorded=True)
        seen, well = [], []
        for word in sim.input:
            letter, number = word[0], int(word[1:])
            if letter == "p":
                recommendations.trouble = "k"
                await asyncio.sleep(number / 10)
                continue
            recommendations.trouble = letter
            seen.append(await _visit(sim, function, VISITORS[number % len(VISITORS) - 1], number))
            if letter == "k":
                well.append(seen[-1])
            await asyncio.sleep(BETWEEN_VISITORS_S)
        catalog.now()
        must = {f"{visit.buyer} came while the recommendations worked": [visit] for visit in well}
        sim.snapshot("in the end", visits=seen, recommended_ms=recommendations.answered_ms, bestsellers=catalog.editions, must_be_whole=must)

    return play


CALM_S, OUTAGE_S, RECOVERY_S, AFTER_S = 6.0, 20.0, 10.0, 6.0


def outage(function: str, trouble: str, *, rate: float = 20.0) -> Story:
    """Twenty visitors a second: six calm seconds, twenty without recommendations, sixteen with them again."""

    async def play(sim: Any) -> None:
        catalog, recommendations = _shop(sim, recorded=False)
        begin_s, end_s = CALM_S, CALM_S + OUTAGE_S
        sim.spawn(_fail(sim, recommendations, trouble))
        asked, number = [], 0
        while sim.now_ms < (end_s + RECOVERY_S + AFTER_S) * 1000:
            number += 1
            asked.append(asyncio.create_task(_visit(sim, function, f"buyer-{number}", number, recorded=number % 250 == 1)))
            await asyncio.sleep(sim.random.expovariate(rate))
        seen = list(await asyncio.gather(*asked))
        catalog.now()
        failing = _came(seen, begin_s, end_s)
        calls = sum(begin_s * 1000 <= at_ms < end_s * 1000 for at_ms in catalog.arrivals_ms)
        sim.note(f"{len(failing)} pages were asked for while the recommendations were down; the catalog got {calls} calls")
        sim.snapshot(
            "in the end",
            visits=seen,
            recommended_ms=recommendations.answered_ms,
            bestsellers=catalog.editions,
            failing=(len(failing), calls),
            must_be_whole={
                "the recommendations worked": _came(seen, 0, begin_s - 1),
                "the recommendations had been back for 10 s": _came(seen, end_s + RECOVERY_S, 1e9),
            },
        )

    return play


async def _fail(sim: Any, recommendations: Recommendations, trouble: str) -> None:
    await asyncio.sleep(CALM_S)
    sim.note({"n": "the recommendations fall silent", "e": "the recommendations refuse everybody"}[trouble])
    recommendations.trouble = trouble
    await asyncio.sleep(OUTAGE_S)
    sim.note("the recommendations work again")
    recommendations.trouble = "k"


def _shop(sim: Any, *, recorded: bool) -> tuple[Catalog, Recommendations]:
    catalog, recommendations = Catalog(sim), Recommendations(sim)
    sim.network.latency(0, 0)
    reads = ("product", "bestsellers", "for_buyer")
    for name, service in (("catalog", catalog), ("recommendations", recommendations)):
        sim.network.latency(1, 3, between=("pages-1", name))
        sim.service(name, service, reads=reads, recorded=recorded)
    sim.process("pages-1")
    return catalog, recommendations


async def _visit(sim: Any, function: str, buyer: str, number: int, *, recorded: bool = True) -> Visit:
    client = sim.client("visitor", timeout_ms=BROWSER_WAITS_MS, recorded=recorded)  # one column for all of them
    product_id, asked_ms = tuple(PRODUCTS)[number % len(PRODUCTS)], sim.now_ms
    answer = await client.call("pages-1", function, buyer, product_id)
    return Visit(
        buyer=buyer,
        product=product_of(product_id, sim.now_ms),
        before=product_of(product_id, asked_ms - PRICE_OLD_S_MAX * 1000),
        page=answer.value if answer.ok else None,
        asked_ms=asked_ms,
        waited_ms=None if answer.error.startswith("gave up") else answer.ms,
        trouble="" if answer.ok else answer.error[:120],
    )


def _came(seen: Sequence[Visit], from_s: float, until_s: float) -> list[Visit]:
    return [visit for visit in seen if from_s * 1000 <= visit.asked_ms < until_s * 1000]
