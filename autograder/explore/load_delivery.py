"""Delivery: what the program has published is brought to ``ship`` of some worker, at least once.

An event whose delivery ended unknown (the worker died, or raised) is delivered again, to whoever is there.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from autograder.explore.load_crew import Crew
from autograder.explore.load_lane import LoadLane
from autograder.explore.load_plan import LoadPlan

__all__ = ["Delivery"]

PAUSE_S = 0.25
AT_ONCE = 50


class Delivery:
    """The consumer's side of the topics."""

    def __init__(self, lane: LoadLane, plan: LoadPlan, crew: Crew) -> None:
        self._lane, self._event_of, self._crew = lane, plan.event_of, crew
        self._done: set[tuple[str, int, int]] = set()
        self._thread = ThreadPoolExecutor(1)
        self._number = 0

    async def deliver(self) -> None:
        """Deliver whatever comes, until cancelled."""
        while True:
            done = await self.once()
            await asyncio.sleep(0 if done else PAUSE_S)

    async def once(self) -> int:
        """Deliver what is there and was not acknowledged yet; how many deliveries were tried."""
        if self._event_of is None:
            return 0
        found = await asyncio.get_running_loop().run_in_executor(self._thread, self._lane.messages)
        fresh = [message for message in found if (message.topic, message.partition, message.offset) not in self._done]
        for first in range(0, len(fresh), AT_ONCE):
            batch = fresh[first : first + AT_ONCE]
            self._number += 1
            arrived = await asyncio.gather(
                *(self._crew.ship(self._event_of(message), self._number + place) for place, message in enumerate(batch))
            )
            for message, known in zip(batch, arrived, strict=True):
                if known:
                    self._done.add((message.topic, message.partition, message.offset))
        return len(fresh)
