"""Two parts of lab 14 in virtual time: a backend that goes away while the sale is on, and what one buyer costs.

In the first, a word is a buyer who comes a second after the one before; in the second ``n4`` means four buyers who buy one after
the other, ``m50`` fifty who come together when all is sold, and ``c1500`` a crowd that comes while Postgres is silent.
"""

from __future__ import annotations

import asyncio
from typing import Any

from autograder.invariants.sale import Cost
from autograder.labs.lab14_stories import WORKERS, Floor, Story, open_floor
from shop.sale import SaleTerms

__all__ = ["away", "costs", "line"]

AWAY_S, BACK_S = 0.5, 6.5
"""When the backend goes, and when it is back, in seconds after the first buyer."""
COMES_EVERY_S = 1.0
HEARD_S = 1.0


def away(terms: SaleTerms, trouble: str) -> Story:
    """Buyers come every second; for six seconds Redis is dead, the gateway takes nothing on, or one of the backends is silent."""

    async def play(sim: Any) -> None:
        floor = open_floor(sim, terms)
        served = _served(sim, floor)
        await asyncio.gather(*(floor.work(worker) for worker in WORKERS))  # so both are open before anything goes
        sim.spawn(_goes(sim, floor, trouble))
        worker = asyncio.ensure_future(floor.keep_working())
        await asyncio.gather(*(_comes(floor, word, number) for number, word in enumerate(sim.input)))
        await asyncio.sleep(max(0.0, BACK_S - sim.now_ms / 1000))
        worker.cancel()
        await floor.come_to_rest()
        await floor.look_again()
        while_away = sum(AWAY_S * 1000 < at_ms < BACK_S * 1000 for at_ms in served)
        sim.snapshot("when all work is done", sale=floor.ending(raised=True), served_while_away=while_away)

    return play


def _served(sim: Any, floor: Floor) -> list[float]:
    """From now on, when somebody was told that it is paid, in milliseconds."""
    served: list[float] = []
    ask = floor.ask

    async def heard(key: str, worker: str, *, again: bool = False) -> str:
        status = await ask(key, worker, again=again)
        if status == "paid":
            served.append(sim.now_ms)
        return status

    floor.ask = heard  # type: ignore[method-assign]
    return served


async def _comes(floor: Floor, word: str, number: int) -> None:
    await asyncio.sleep(COMES_EVERY_S * number)
    await floor.buyer(word, 0)


async def _goes(sim: Any, floor: Floor, trouble: str) -> None:
    await asyncio.sleep(AWAY_S)
    sim.note({
        "redis-dies": "Redis dies", "redis-silent": "Redis falls silent", "gateway-refuses": "the gateway takes nothing on",
        "gateway-silent": "the gateway falls silent", "kafka-silent": "Kafka falls silent", "postgres-silent": "Postgres falls silent",
    }[trouble])  # fmt: skip
    if trouble == "redis-dies":
        floor.redis.stop()
    elif trouble == "gateway-refuses":
        sim.switch.parties["gateway"].running = False
    else:
        sim.network.isolate(trouble.partition("-")[0])
    await asyncio.sleep(BACK_S - AWAY_S)
    sim.network.heal()
    sim.switch.parties["gateway"].running = True
    if trouble == "redis-dies":
        floor.redis.start(empty=True)
    sim.note("it is back" + (", with nothing in it" if trouble == "redis-dies" else ""))


# ---- what one buyer costs


def costs(terms: SaleTerms) -> Story:
    """Some buy one after the other; when all is sold a crowd comes. Every call of the workers is counted."""

    async def play(sim: Any) -> None:
        numbers = {word[0]: int(word[1:]) for word in sim.input}
        floor = open_floor(sim, terms)
        kept = _watch(sim, floor)
        paid = []
        for number in range(numbers.get("n", 1)):
            key, before = f"k-{number}", _calls(sim)
            floor.comes(key, "p")
            status = await floor.ask(key, WORKERS[0])
            if status == "paid":
                paid.append(_calls(sim) - before)
        await floor.come_to_rest()
        late = numbers.get("m", 1)
        floor.comes("k-first", "p")
        first = await floor.ask("k-first", WORKERS[0])
        before = _calls(sim)
        said = await asyncio.gather(*(_late(floor, f"k-late-{number}") for number in range(late)))
        cost = Cost(
            calls_per_order=tuple(paid),
            orders=numbers.get("n", 1),
            late_calls=_calls(sim) - before,
            late_buyers=late,
            late_told=tuple(said) if first == "sold out" else (first,),
            kept=tuple(kept),
        )
        sim.snapshot("when all is sold", cost=cost)

    return play


async def _late(floor: Floor, key: str) -> str:
    floor.comes(key, "p")
    return await floor.ask(key, WORKERS[0])


def _calls(sim: Any) -> int:
    """What the workers have asked of the backends so far."""
    return sum(entry.caller in WORKERS for entry in sim.ledger.entries)


def _watch(sim: Any, floor: Floor) -> list[str]:
    """From now on, a sentence for each question to the gateway that a transaction in Postgres waits for."""
    kept: list[str] = []

    def watched(ask: Any) -> Any:
        async def asked(key: str, *rest: Any) -> Any:
            if floor.postgres.holder == sim.caller:
                kept.append(f"{sim.caller} asks the gateway about {key} while its transaction keeps its locks in Postgres")
            return await ask(key, *rest)

        return asked

    for name in ("charge", "refund", "look_up"):
        setattr(floor.gateway, name, watched(getattr(floor.gateway, name)))
    return kept


def line(terms: SaleTerms) -> Story:
    """Postgres is silent, and everybody comes to one worker at once; a second later it is counted who has heard nothing."""

    async def play(sim: Any) -> None:
        floor = open_floor(sim, terms)
        floor.comes("k-first", "p")
        await floor.ask("k-first", WORKERS[0])
        sim.network.isolate("postgres")
        sim.note("Postgres falls silent")
        heard: list[str] = []
        crowd = [asyncio.ensure_future(_heard(floor, number, heard)) for number in range(int(sim.input[0][1:]))]
        await asyncio.sleep(HEARD_S)
        sim.snapshot("a second after they came", in_line=len(crowd) - len(heard), line_max=terms.line_max)
        for one in crowd:
            one.cancel()

    return play


async def _heard(floor: Floor, number: int, heard: list[str]) -> None:
    request = {"key": f"k-{number}", "buyer": f"buyer {number}", "correlation_id": f"c-{number}", "again": False}
    answer = await floor.sim.client("crowd", timeout_ms=5_000, recorded=number < 2).call(WORKERS[0], "handle", request)
    if answer.ok:
        heard.append(request["key"])
