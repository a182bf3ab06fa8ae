"""Virtual time: simulated seconds per real second, and runs per second. Figures for people; nothing passes or fails here.

    python benchmarks/simulation.py
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.explore.names import RunName  # noqa: E402
from autograder.explore.virtual import VirtualScenario  # noqa: E402
from autograder.explore.virtual_lane import VirtualLane  # noqa: E402
from autograder.explore.virtual_redis import redis_for  # noqa: E402
from autograder.grading.lanes import VIRTUAL_CLIENTS  # noqa: E402
from autograder.grading.program import Cell, Program  # noqa: E402
from autograder.grading.subject import Zygote  # noqa: E402
from autograder.simulation import Simulation, tell  # noqa: E402

SOURCE = """
import asyncio
import redis.asyncio as redis

class Shop:
    def __init__(self, node):
        self.node, self.redis = node, redis.from_url("redis://redis:6379/0")
    async def sell(self, n):
        await self.node.save("sold", n)
        return await self.node.call("till", "pay", n)
    async def count(self):
        return await self.redis.incr("n")
"""


class Till:
    """A payment takes 50 ms."""

    async def pay(self, n: int) -> int:
        """Take the money."""
        await asyncio.sleep(0.05)
        return n


class Local:
    """The same shop on the simulation's own loop."""

    def __init__(self, node: Any) -> None:
        self.node = node

    async def sell(self, n: int) -> Any:
        """Sell one lamp."""
        return await self.node.call("till", "pay", n)


async def sleeps(sim: Simulation) -> None:
    """2,000 tasks sleep fifty times each."""

    async def one(n: int) -> None:
        for _ in range(50):
            await asyncio.sleep(1 + n % 7)

    await asyncio.gather(*(one(n) for n in range(2_000)))


async def buyers(sim: Simulation, make: Any = Local, count: int = 5_000) -> None:
    """A buyer comes every 100 ms."""
    sim.network.latency(1, 5)
    sim.service("till", Till(), recorded=False)
    sim.process("shop-1", make)

    async def one(n: int) -> None:
        await asyncio.sleep(n * 0.1)
        await sim.client(f"b{n}", timeout_ms=5_000, recorded=False).call("shop-1", "sell", n)

    await asyncio.gather(*(one(n) for n in range(count)))


async def counting(sim: Simulation) -> None:
    """2,000 commands to a simulated Redis, one after the other."""
    redis_for(sim)
    sim.process("shop-1", "Shop")
    client = sim.client("ada", recorded=False)
    for _ in range(2_000):
        await client.call("shop-1", "count")


async def one_sale(sim: Simulation) -> None:
    """What a crash point costs: three processes are born, one sells, all end."""
    sim.service("till", Till())
    for number in (1, 2, 3):
        sim.process(f"shop-{number}", "Shop")
    await sim.client("ada").call("shop-1", "sell", 1)


def timed(what: str, run: Callable[[], float]) -> None:
    """Print what a simulation of so many seconds took."""
    real, processor = time.perf_counter(), _processor()
    simulated = run()
    real, processor = time.perf_counter() - real, _processor() - processor
    print(f"  {what:62} {simulated:9.1f} s in {real:6.2f} s  x{simulated / real:7.0f}   processor {processor:6.2f} s")


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _local(story: Callable[[Simulation], Awaitable[Any]]) -> float:
    sim = Simulation(limit_s=1e9)
    tell(story, sim)
    return sim.loop.now


def _remote(lane: VirtualLane, story: Callable[[Simulation], Awaitable[Any]]) -> float:
    ended = []

    async def whole(sim: Simulation) -> None:
        await story(sim)
        ended.append(sim.loop.now)

    scenario = VirtualScenario(name="sale", title="", play=whole, input=("a",), rules=(), stuck="never", limit_s=1e9)
    scenario.play_on(lane, RunName(lab="00", scenario="sale", input=("a",)))
    return ended[0]


def main() -> None:
    """Print the figures of this machine."""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    timed("100,000 sleeps of 2,000 tasks", lambda: _local(sleeps))
    timed("5,000 buyers, code on the simulation's own loop", lambda: _local(buyers))
    program = Program(title="bench", cells=(Cell(id="c", role="solution", source=SOURCE, name="cell 1", task="c"),))
    with Zygote(preload=VIRTUAL_CLIENTS) as zygote:
        zygote.load(program)
        lane = VirtualLane(zygote)
        timed("5,000 buyers, code in a sandboxed process", lambda: _remote(lane, lambda sim: buyers(sim, "Shop")))
        timed("2,000 commands of redis.asyncio to a simulated Redis", lambda: _remote(lane, counting))
        runs, began, processor = 40, time.perf_counter(), _processor()
        for _ in range(runs):
            _remote(lane, one_sale)
        real = time.perf_counter() - began
    used = _processor() - processor
    print(f"  {runs / real:.0f} runs per second of three sandboxed processes each ({1000 * real / runs:.0f} ms a run, "
          f"{1000 * used / runs:.0f} ms of processor time)")  # fmt: skip


if __name__ == "__main__":
    main()
