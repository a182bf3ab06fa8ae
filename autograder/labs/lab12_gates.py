"""The stories that lab 12 plays at the gate: three instances, one Redis, and clocks of which one is right.

In virtual time a word says what happens next: ``a5`` is five calls of Ada's at once at the first instance, ``p48`` a pause
of 4.8 seconds. In schedules a word says what the bucket holds and how much of it was taken before: ``h3t2``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from autograder.explore.schedules import ScheduleScenario
from autograder.explore.stage import Job, Stage
from autograder.explore.virtual_redis import SimulatedRedis, redis_for
from autograder.invariants import Invariant
from autograder.invariants.limits import KEPT_S_MAX, Ask

__all__ = ["CLOCKS", "crowd", "meeting", "script"]

Story = Callable[[Any], Coroutine[Any, Any, None]]

CLOCKS = {"gate-1": 0.0, "gate-2": 40.0, "gate-3": -7.0}
"""How many seconds each instance's clock is ahead."""
GATES = dict(zip("abc", CLOCKS, strict=True))
PATIENCE_MS = 5_000
SLOW_RATE = 0.001
"""Tokens a second in schedules: while two calls meet, nothing flows in."""
BUYERS = ("Ada", "Bao")


def script(gate: str, rate: float, burst: int) -> Story:
    """Ada's calls come as the words say."""

    async def play(sim: Any) -> None:
        redis = _open(sim, gate, rate, burst)
        asks: list[Ask] = []
        for word in sim.input:
            letter, number = word[0], int(word[1:])
            if letter == "p":
                await asyncio.sleep(number / 10)
            else:
                calls = (_ask(sim, "Ada", GATES[letter], recorded=True) for _ in range(number))
                asks += await asyncio.gather(*calls)
        await _end(sim, redis, asks, rate, burst)

    return play


def crowd(gate: str, rate: float, burst: int, *, lasts_s: float = 12.0) -> Story:
    """Ada wants more than twice what her bucket gives, Bao half of his; each call goes to the next instance that is free."""

    async def play(sim: Any) -> None:
        redis = _open(sim, gate, rate, burst)
        wants = {"Ada": 2.5 * rate, "Bao": 0.5 * rate}
        asks = await asyncio.gather(*(_stream(sim, who, per_s, lasts_s) for who, per_s in wants.items()))
        await _end(sim, redis, [ask for stream in asks for ask in stream], rate, burst)

    return play


async def _stream(sim: Any, client: str, per_s: float, lasts_s: float) -> list[Ask]:
    asked, number = [], 0
    while sim.now_ms < lasts_s * 1000:
        gate, recorded = sim.random.choice(tuple(CLOCKS)), number < 2
        asked.append(asyncio.create_task(_ask(sim, client, gate, recorded=recorded)))
        number += 1
        await asyncio.sleep(sim.random.expovariate(per_s))
    return list(await asyncio.gather(*asked))


def _open(sim: Any, gate: str, rate: float, burst: int) -> SimulatedRedis:
    redis = redis_for(sim)
    sim.network.latency(0, 0)
    for name, off_s in CLOCKS.items():
        sim.network.latency(0.4, 0.6, between=(name, "redis"))
        sim.process(name, gate, rate, burst, clock_off_s=off_s, restart_after_ms=100)
    return redis


async def _ask(sim: Any, client: str, gate: str, *, recorded: bool) -> Ask:
    asked_ms = sim.now_ms
    answer = await sim.client(client, timeout_ms=PATIENCE_MS, recorded=recorded).call(gate, "enter", client)
    died = not answer.ok and not answer.error.startswith(("broken", "gave up"))
    return Ask(
        client=client,
        instance=gate,
        asked_ms=asked_ms,
        answered_ms=None if died else sim.now_ms,
        said=answer.value if answer.ok else None,
        trouble="" if answer.ok or died else answer.error[:120],
    )


async def _end(sim: Any, redis: SimulatedRedis, asks: Sequence[Ask], rate: float, burst: int) -> None:
    await asyncio.sleep(burst / rate + KEPT_S_MAX)
    left = sorted(redis.execute("KEYS", "*"))
    sim.snapshot("in the end", asks=list(asks), rate=rate, burst=burst, left=left)


# ---- schedules on a real Redis


def meeting(
    name: str, title: str, function: str, bucket: str, *, rules: tuple[Invariant, ...], read: str
) -> ScheduleScenario:
    """Two calls of one client meet at two instances."""
    return ScheduleScenario(
        name=name,
        title=title,
        input=(bucket,),
        prepare=lambda stage: _take_before(stage, function),
        calls=lambda stage: tuple(_job(stage, function, number) for number in (1, 2)),
        finish=_finish,
        rules=rules,
        needs=(function,),
        read=read,
    )


def bucket_of(word: str) -> tuple[int, int]:
    """What a word says: how many tokens the bucket holds when it is full, and how many were taken before.

    >>> bucket_of("h3t2")
    (3, 2)
    """
    match = re.fullmatch(r"h(\d+)t(\d+)", word)
    if match is None:
        raise ValueError(f"{word!r} says nothing of a bucket; h3t2 would")
    return int(match[1]), int(match[2])


def _job(stage: Stage, function: str, gate: int) -> Job:
    return Job(f"gate-{gate}", function, ("Ada", SLOW_RATE, bucket_of(stage.input[0])[0]))


def _take_before(stage: Stage, function: str) -> None:
    for _ in range(bucket_of(stage.input[0])[1]):
        stage.until_done("gate-3", function, *_job(stage, function, 3).arguments)


def _finish(stage: Stage) -> None:
    """Whoever got an error asks again; then the answers are held against what the bucket holds."""
    asks = []
    for job, result in list(stage.results):
        if result.kind in ("raised", "killed") and job.process != "gate-3" and stage.until_done(job.process, job.function, *job.arguments):
            result = stage.results[-1][1]
        answered = result.kind == "returned"
        asks.append(
            Ask(
                client="Ada",
                instance=job.process,
                said=result.value if answered else None,
                trouble="" if answered else (result.error or result.kind)[:120],
            )
        )
    stage.snapshot("when both have an answer", (), asks=asks, rate=SLOW_RATE, burst=bucket_of(stage.input[0])[0])
