"""One alarm clock for everything in the broker that happens by itself at a certain time."""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable

__all__ = ["Alarm"]


class Alarm:
    """Rings at the earliest time that anybody asked for; costs nothing while nobody does."""

    def __init__(self, loop: AbstractEventLoop, ring: Callable[[], float | None]) -> None:
        """`ring` does what is due and returns when it wants to be called again, if ever."""
        self._loop = loop
        self._ring = ring
        self._handle: TimerHandle | None = None

    def by(self, when: float | None) -> None:
        """Ring at `when` on the loop's clock or earlier."""
        if when is None or (self._handle is not None and self._handle.when() <= when):
            return
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_at(when, self._due)

    def _due(self) -> None:
        self._handle = None
        self.by(self._ring())
