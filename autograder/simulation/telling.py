"""Telling: a story from its beginning to its end, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from autograder.simulation.clock import virtual_time
from autograder.simulation.simulation import Simulation

__all__ = ["Story", "tell"]

Story = Callable[[Simulation], Awaitable[Any]]


def tell(story: Story, sim: Simulation) -> Any:
    """Tell the story; what it returns. Raises Stuck when it cannot go on, and whatever our own code raised.

    Whoever calls it in a thread with a running event loop (a notebook) gives it a thread of its own.
    """
    with virtual_time(sim.loop, sim.chance):
        asyncio.set_event_loop(sim.loop)
        try:
            return _told(story, sim)
        finally:
            for process in sim.processes.values():
                process.end()
            _clear_away(sim)
            asyncio.set_event_loop(None)


def _told(story: Story, sim: Simulation) -> Any:
    async def whole() -> Any:
        return await story(sim)

    sim.main = sim.loop.create_task(whole())
    try:
        return sim.loop.run_until_complete(sim.main)
    except asyncio.CancelledError:
        if sim.failure is not None:
            raise sim.failure from None
        raise


def _clear_away(sim: Simulation) -> None:
    """Cancel what is still under way, so that nothing of it is ever told."""
    loop = sim.loop
    loop.set_exception_handler(lambda _, context: None)
    left = sorted(asyncio.all_tasks(loop), key=hash)
    for task in left:
        task.cancel()
    with suppress(BaseException):
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    with suppress(BaseException):
        loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
