"""The stories that lab 3 plays: buyers come, the gateway answers in 15 seconds, sometimes, or never."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from autograder.invariants.failure import Buyer
from autograder.labs.lab03_gateways import HOPELESS, BusyGateway, ScriptedGateway
from shop.network import ServiceError

__all__ = ["breaker", "busy", "crowd", "layers", "outage", "script"]

Story = Callable[[Any], Coroutine[Any, Any, None]]

BROWSER_WAITS_MS = 30_000
BETWEEN_BUYERS_S = 3.0
AFTERWARDS_S = 20.0
"""Longer than any answer takes: what was still under way has happened by then."""
DRAWS = 400


def script(function: str) -> Story:
    """One buyer after the other, and what the gateway does with each is written in the run's name."""

    async def play(sim: Any) -> None:
        letters = {f"p-{word[1:]}": word[0] for word in sim.input}
        prices = {purchase_id: 0 if letter == "b" else 4900 for purchase_id, letter in letters.items()}
        gateway = ScriptedGateway(sim, letters)
        _near(sim, "checkout-1")
        sim.service("gateway", gateway)
        sim.process("checkout-1")
        buyers = []
        for purchase_id, cents in prices.items():
            buyers.append(await _ask(sim, function, purchase_id, cents))
            await asyncio.sleep(BETWEEN_BUYERS_S)
        await asyncio.sleep(AFTERWARDS_S)
        for buyer in [one for one in buyers if one.told == "unknown"]:
            buyers.append(await _ask(sim, function, buyer.purchase_id, prices[buyer.purchase_id]))
        await asyncio.sleep(AFTERWARDS_S)
        hopeless = {purchase_id: HOPELESS[letter] for purchase_id, letter in letters.items() if letter in HOPELESS}
        sim.snapshot(
            "in the end",
            buyers=buyers,
            each_must_be_told=buyers,
            charges=gateway.charges,
            refused=gateway.refused,
            prices=prices,
            hopeless=hopeless,
        )

    return play


def crowd(function: str) -> Story:
    """Buyers who have failed in the same instant draw their pauses."""

    async def play(sim: Any) -> None:
        process, pauses = sim.process("checkout-1"), {}
        for word in sim.input:
            retry = int(word[1:])
            drawn = await _drawn(process, function, retry)
            pauses[retry] = drawn if isinstance(drawn, list) else [drawn]
            sim.note(f"{DRAWS} buyers failed together; retry {retry} comes after {_range(pauses[retry])}", "checkout-1")
        sim.snapshot("in the end", pauses=pauses)

    return play


async def _drawn(process: Any, function: str, retry: int) -> object:
    try:
        return await process.ask(function, retry, DRAWS)
    except (ServiceError, ConnectionError) as failed:
        return str(failed)


def busy(function: str, *, rate: float = 20.0, lasts_s: float = 40.0) -> Story:
    """Buyers come all the time; one of the gateway's calls in 20 is slow, silent or unavailable."""

    async def play(sim: Any) -> None:
        gateway = BusyGateway(sim, fails_one_in=20)
        buyers = await _crowd_of(sim, gateway, function, rate, lasts_s)
        sim.snapshot(
            "in the end",
            buyers=buyers,
            charges=gateway.charges,
            refused=gateway.refused,
            must_serve={"the gateway failed 1 call in 20": buyers},
        )

    return play


CALM_S, OUTAGE_S, RECOVERY_S, AFTER_S = 15.0, 30.0, 30.0, 15.0


def outage(function: str, trouble: str, *, rate: float = 20.0) -> Story:
    """A calm shop; then, for 30 s, the gateway stands still or takes 15 s for every answer; then it is well again."""

    async def play(sim: Any) -> None:
        begin_s, end_s = CALM_S, CALM_S + OUTAGE_S
        gateway = BusyGateway(sim, fails_one_in=20, trouble=trouble, between_s=(begin_s, end_s))
        sim.spawn(_tell_of(sim, trouble))
        looks_s = (0, begin_s + 5, end_s + RECOVERY_S)
        buyers = await _crowd_of(sim, gateway, function, rate, end_s + RECOVERY_S + AFTER_S, looks_s=looks_s)
        failing = _came(buyers, begin_s, end_s)
        calls = sum(begin_s * 1000 <= at_ms < end_s * 1000 for at_ms in gateway.arrivals_ms)
        sim.note(f"{len(failing)} buyers came while it failed; the gateway got {calls} calls")
        sim.snapshot(
            "in the end",
            buyers=buyers,
            charges=gateway.charges,
            refused=gateway.refused,
            failing=(len(failing), calls),
            must_serve={
                "the gateway failed 1 call in 20": _came(buyers, 0, begin_s - 2),
                "the gateway had been well again for 30 s": _came(buyers, end_s + RECOVERY_S, 1e9),
            },
        )

    return play


def breaker(function: str, *, rate: float = 10.0) -> Story:
    """Calls go through a breaker: a calm shop, eight declined cards in a row, an outage of 30 s, and a recovery."""

    async def play(sim: Any) -> None:
        begin_s, end_s, well_s = CALM_S, CALM_S + OUTAGE_S, CALM_S + OUTAGE_S + 10
        gateway = BusyGateway(sim, fails_one_in=100, trouble="stands", between_s=(begin_s, end_s))
        gateway.declined = frozenset(f"p-{number}" for number in range(60, 68))
        sim.spawn(_tell_of(sim, "stands"))
        looks_s = (0, begin_s + 0.5, begin_s + 3, *(begin_s + 6 + part / 4 for part in range(6)), well_s)
        buyers = await _crowd_of(sim, gateway, function, rate, well_s + AFTER_S, looks_s=looks_s)
        calm, after = _came(buyers, 0, begin_s - 1), _came(buyers, well_s, 1e9)
        sim.snapshot(
            "in the end",
            buyers=buyers,
            never_turned_away={
                "no five calls in a row had failed": calm,
                "the gateway had been well again for 10 s": after,
            },
            calls_while_open=[at for at in gateway.arrivals_ms if (begin_s + 2) * 1000 <= at < end_s * 1000],
            must_serve={
                "the gateway failed 1 call in 100": calm,
                "the gateway had been well again for 10 s": after,
            },
        )

    return play


class Door:
    """The way from the orders to the payments: one message in 25 is lost, in turn on its way there and back."""

    def __init__(self, sim: Any) -> None:
        self._sim = sim
        self._messages = 0

    async def pay(self, *arguments: Any) -> Any:
        """Carry a request to the payments, and its answer back."""
        self._messages += 1
        lost = self._messages % 25 == 0
        if lost and self._messages % 50 == 0:
            await self._sim.never()
        answer = await self._sim.client("door", timeout_ms=BROWSER_WAITS_MS, recorded=False).call(
            "payments-1", "pay", *arguments
        )
        if lost or not answer.ok:
            await self._sim.never()
        return answer.value


def layers(function: str, *, rate: float = 20.0) -> Story:
    """The order service asks the payment service, which asks the gateway; both have your code, and messages are lost."""

    async def play(sim: Any) -> None:
        begin_s, end_s = CALM_S, CALM_S + OUTAGE_S
        gateway = BusyGateway(sim, fails_one_in=50, trouble="stands", between_s=(begin_s, end_s))
        sim.process("payments-1")
        sim.spawn(_tell_of(sim, "stands"))
        looks_s = (0, begin_s + 10)
        buyers = await _crowd_of(sim, gateway, function, rate, end_s + 5, process="orders-1", looks_s=looks_s, door=Door(sim))
        failing = _came(buyers, begin_s, end_s)
        calls = sum(begin_s * 1000 <= at_ms < end_s * 1000 for at_ms in gateway.arrivals_ms)
        sim.note(f"{len(failing)} buyers came while it failed; the gateway got {calls} calls")
        sim.snapshot(
            "in the end",
            buyers=buyers,
            charges=gateway.charges,
            refused=gateway.refused,
            failing=(len(failing), calls),
            must_serve={"1 message in 25 was lost on its way": _came(buyers, 0, begin_s - 2)},
        )

    return play


# ---- what the stories share


async def _crowd_of(
    sim: Any,
    gateway: BusyGateway,
    function: str,
    rate: float,
    lasts_s: float,
    *,
    process: str = "checkout-1",
    looks_s: Sequence[float] = (0, 0, 0, 0),
    door: object = None,
) -> list[Buyer]:
    """``rate`` buyers a second, one by one at random; those who come next after a look are drawn in the picture."""
    seen: set[object] = set()
    looks = deque(looks_s)
    _near(sim, process)
    for name, service in (("gateway", gateway), ("payments", door)):
        sim.service(name, service, recorded=lambda *args: any(isinstance(arg, str) and arg in seen for arg in args))
    sim.process(process)
    asked, number = [], 0
    while sim.now_ms < lasts_s * 1000:
        number += 1
        recorded = bool(looks) and looks[0] * 1000 <= sim.now_ms
        if recorded:
            looks.popleft()
            seen.add(f"p-{number}")
        ask = _ask(sim, function, f"p-{number}", 4900, process=process, recorded=recorded)
        asked.append(asyncio.create_task(ask))
        await asyncio.sleep(sim.random.expovariate(rate))
    buyers = list(await asyncio.gather(*asked))
    await asyncio.sleep(AFTERWARDS_S)
    return buyers


def _near(sim: Any, process: str) -> None:
    """The gateway is some milliseconds away; a buyer's own wait is measured at the shop's door."""
    sim.network.latency(0, 0)
    for one in dict.fromkeys((process, "payments-1")):
        sim.network.latency(1, 5, between=(one, "gateway"))


async def _tell_of(sim: Any, what: str) -> None:
    """Notes in the picture: when the gateway fails, and when it is well again."""
    await asyncio.sleep(CALM_S)
    sim.note({"stands": "the gateway stands still", "slow": "every answer of the gateway takes 15 s from now on"}[what])
    await asyncio.sleep(OUTAGE_S)
    sim.note("the gateway works again")


async def _ask(
    sim: Any, function: str, purchase_id: str, cents: int, *, process: str = "checkout-1", recorded: bool = True
) -> Buyer:
    client = sim.client("buyer", timeout_ms=BROWSER_WAITS_MS, recorded=recorded)  # one column for all of them
    asked_ms = sim.now_ms
    answer = await client.call(process, function, purchase_id, cents)
    told = answer.value if answer.ok and answer.value in ("paid", "refused", "unknown", "later") else ""
    return Buyer(
        purchase_id=purchase_id,
        told=told,
        waited_ms=None if answer.error.startswith("gave up") else answer.ms,
        asked_ms=asked_ms,
        trouble=str(answer.error or repr(answer.value))[:120],
    )


def _came(buyers: Sequence[Buyer], from_s: float, until_s: float) -> list[Buyer]:
    return [buyer for buyer in buyers if from_s * 1000 <= buyer.asked_ms < until_s * 1000]


def _range(pauses: Sequence[object]) -> str:
    numbers = [pause for pause in pauses if isinstance(pause, int | float)]
    return f"{min(numbers):.3f} to {max(numbers):.3f} s" if numbers else f"{pauses[0]!r}"
