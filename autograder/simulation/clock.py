"""Clock: virtual time for everything that asks Python what time it is, and random numbers that a seed decides.

Patched are the functions of ``time``, ``datetime.now``, the global ``random`` and the system's randomness (so ``uuid4``
and ``secrets`` too). The patch holds for one thread: a notebook's kernel has others, which keep the real clock. Code that
is to live in virtual time must be imported inside the patch, since ``from time import monotonic`` binds what is there.
"""

from __future__ import annotations

import datetime
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

__all__ = ["EPOCH_S", "Clock", "real_time", "virtual_time"]

EPOCH_S = 1_767_225_600.0
"""Virtual time begins on 2026-01-01 at 00:00:00 UTC."""


class Clock(Protocol):
    """Who knows the virtual time."""

    now: float
    """Seconds since the simulation began."""
    off_s: float
    """How many seconds the clock of the code that asks is ahead; negative when it is behind."""

    def stall(self, seconds: float) -> None:
        """A blocking sleep: nobody in this thread gets anything done meanwhile."""


_here = threading.local()


def _clock() -> Clock | None:
    return getattr(_here, "clock", None)


@contextmanager
def real_time() -> Iterator[None]:
    """Inside, this thread sees the real clock again."""
    clock, _here.clock = _clock(), None
    try:
        yield
    finally:
        _here.clock = clock


@contextmanager
def virtual_time(clock: Clock, seed: str) -> Iterator[None]:
    """Inside, this thread lives in the clock's time, and its random numbers come from the seed."""
    saved = [(place, name, getattr(place, name)) for place, name in _PLACES]
    state = random.getstate()
    chance = random.Random(f"{seed}/system")
    for (place, name, old), new in zip(saved, _replacements(chance), strict=True):
        setattr(place, name, _choosing(new, old) if not isinstance(new, type) else new)
    _here.clock = clock
    random.seed(seed)
    try:
        yield
    finally:
        _here.clock = None
        random.setstate(state)
        for place, name, old in saved:
            setattr(place, name, old)


_PLACES: tuple[tuple[Any, str], ...] = (
    *((time, name) for name in ("time", "monotonic", "perf_counter", "sleep")),
    *((time, f"{name}_ns") for name in ("time", "monotonic", "perf_counter")),
    (datetime, "datetime"),
    (os, "urandom"),
    (random, "_urandom"),
)


def _replacements(chance: random.Random) -> tuple[Any, ...]:
    """What stands in the places of ``_PLACES``, in the same order; called in virtual time only."""

    def since_start() -> float:
        return _here.clock.now + _here.clock.off_s

    def since_epoch() -> float:
        return EPOCH_S + _here.clock.now + _here.clock.off_s

    def sleep(seconds: float) -> None:
        _here.clock.stall(max(0.0, seconds))

    return (
        since_epoch, since_start, since_start, sleep,
        lambda: round(since_epoch() * 1e9), lambda: round(since_start() * 1e9), lambda: round(since_start() * 1e9),
        _datetime(datetime.datetime), chance.randbytes, chance.randbytes,
    )  # fmt: skip


def _choosing(new: Callable[..., Any], old: Callable[..., Any]) -> Callable[..., Any]:
    """The new function in virtual time, the old one for every other thread."""
    return lambda *args: new(*args) if _clock() is not None else old(*args)


def _datetime(real: Any) -> type:
    """A datetime that reads the virtual clock; real instances count as its own."""

    class Same(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real)

    class VirtualDatetime(real, metaclass=Same):  # type: ignore[misc]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            clock = _clock()
            return real.now(tz) if clock is None else real.fromtimestamp(EPOCH_S + clock.now + clock.off_s, tz)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(datetime.timezone.utc).replace(tzinfo=None)

    VirtualDatetime.__name__ = VirtualDatetime.__qualname__ = "datetime"
    return VirtualDatetime
