"""Watching a sale: samples of what buyers were told, what the backends hold and what the processes use, ten a second.

Sampling only looks. What it sees depends on when it looks, and no rule reads it; pictures and costs do.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from autograder.explore.load_buyers import Crowd
from autograder.explore.load_crew import Crew
from autograder.explore.load_lane import LoadLane
from autograder.explore.load_plan import LoadPlan
from autograder.explore.load_processes import memory_mb, peak_mb
from autograder.explore.load_record import Sample, percentile_ms

__all__ = ["SAMPLES_MAX", "Watch"]

EVERY_S = 0.1
SAMPLES_MAX = 240
"""More than so many are thinned out: every other one goes."""


class Watch:
    """The sampler of one sale."""

    def __init__(
        self, lane: LoadLane, plan: LoadPlan, crew: Crew, crowd: Crowd, say: Callable[[Sample], None]
    ) -> None:
        self._lane, self._plan, self._crew, self._crowd, self._say = lane, plan, crew, crowd, say
        self._asked = [(probe.backend, probe.ask) for probe in plan.probes.values()]
        self._thread = ThreadPoolExecutor(1)
        self._every_s = EVERY_S
        self.samples: list[Sample] = []
        self.before_mb = memory_mb(os.getpid())
        _forget_peak()

    @property
    def peak_mb(self) -> float:
        """The most that this process has used since the sale began."""
        return max([peak_mb(os.getpid()), *(sample.generator_mb for sample in self.samples)])

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._every_s)

    async def look(self) -> Sample:
        """One sample."""
        loop, crowd = asyncio.get_running_loop(), self._crowd
        self._crew.expire(loop.time())
        values = await loop.run_in_executor(self._thread, self._lane.probe, self._asked) if self._asked else []
        fresh, crowd.fresh = sorted(crowd.fresh), []
        sample = Sample(
            at_s=round(loop.time() - crowd.began, 4),
            answered=crowd.answered,
            told=dict(crowd.words),
            waiting=self._crew.waiting,
            probes=dict(zip(self._plan.probes, values, strict=True)),
            p50_ms=round(percentile_ms(fresh, 0.5), 2),
            p99_ms=round(percentile_ms(fresh, 0.99), 2),
            generator_mb=memory_mb(os.getpid()),
            workers_mb=self._crew.memory_mb,
        )
        self.samples.append(sample)
        if len(self.samples) > SAMPLES_MAX:
            del self.samples[1:-1:2]
            self._every_s *= 2
        self._say(sample)
        return sample

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=True)


def _forget_peak() -> None:
    """Linux keeps a process's peak; from here on a new one is kept, where it lets us."""
    with suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
