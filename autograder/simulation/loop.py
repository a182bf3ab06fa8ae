"""Loop: asyncio in virtual time. When nothing is ready, the clock jumps; who decides how far is told to the loop.

Tasks and futures have serial numbers as hashes, so that sets of them (``asyncio.wait``, ``TaskGroup``) are in the same
order in every process. Threads run at once and in line; real sockets, pipes and subprocesses are refused.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections.abc import Callable, Mapping
from typing import Any

from autograder.simulation.stuck import NoRealIO

__all__ = ["VirtualLoop", "waiting_tasks"]

TURNS_MAX = 200_000
"""Turns of the loop while time stands still, before they count as going round in circles."""
_NO_IO = "There are no real sockets, pipes or subprocesses in virtual time: use the clients that your code is given."


class _Numbered:
    """Equal to itself alone, with a number as its hash."""

    _number: int

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class _Task(_Numbered, asyncio.Task):  # type: ignore[type-arg]
    def __init__(self, coroutine: Any, *, loop: VirtualLoop, **named: Any) -> None:
        self._number = loop.next_number()
        super().__init__(coroutine, loop=loop, **named)


class _Future(_Numbered, asyncio.Future):  # type: ignore[type-arg]
    def __init__(self, *, loop: VirtualLoop) -> None:
        self._number = loop.next_number()
        super().__init__(loop=loop)


class _Timer(asyncio.TimerHandle):
    """Timers of the same moment ring in the order in which they were set."""

    __slots__ = ("_number",)

    def __init__(self, number: int, *args: Any) -> None:
        super().__init__(*args)
        self._number = number

    def __lt__(self, other: Any) -> bool:
        return (self._when, self._number) < (other._when, other._number)  # type: ignore[attr-defined]


class _Selector(selectors.BaseSelector):
    """Selects nothing, ever; in place of sleeping it lets the loop wait in its own way."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is not None and timeout <= 0:
            self.loop.turn()
        else:
            self.loop.wait()
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> Any:
        raise NoRealIO(_NO_IO)

    def unregister(self, fileobj: Any) -> Any:
        raise NoRealIO(_NO_IO)

    def get_map(self) -> Mapping[Any, Any]:
        return {}

    def get_key(self, fileobj: Any) -> Any:
        raise KeyError(fileobj)

    def close(self) -> None:
        """There is nothing to close."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a number.

    ``wait`` is called with the time of the next timer (or None) when nothing is ready: it sets :attr:`now`, and may
    schedule what happens then. ``circles`` is called when the loop turns without end while time stands still.
    """

    off_s: float = 0.0
    """How far the clock that this process reads is ahead; timers do not care."""

    def __init__(self, wait: Callable[[float | None], None], circles: Callable[[], None]) -> None:
        self.now = 0.0
        self.turns = 0
        self._wait, self._circles = wait, circles
        self._numbers = 0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = 1e-9
        self.set_task_factory(lambda loop, coroutine, **named: _Task(coroutine, loop=loop, **named))  # type: ignore

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self.now

    def next_number(self) -> int:
        """The next serial number of a task or future."""
        self._numbers += 1
        return self._numbers

    def create_future(self) -> Any:
        """A future with a number."""
        return _Future(loop=self)

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        """As every loop does, but two timers of the same moment keep their order."""
        timer = _Timer(self.next_number(), when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def wait(self) -> None:
        """Nothing is ready: let time pass."""
        self.turns = 0
        self._wait(self._scheduled[0]._when if self._scheduled else None)  # type: ignore[attr-defined]

    def turn(self) -> None:
        """Something is ready: time stands still for one more turn."""
        self.turns += 1
        if self.turns > TURNS_MAX:
            self.turns = 0
            self._circles()

    def stall(self, seconds: float) -> None:
        """A blocking sleep: time passes and nobody else gets a turn."""
        self.now += seconds

    def run_in_executor(self, executor: Any, function: Any, *args: Any) -> Any:
        """Run it here and now: threads would not be deterministic."""
        future = self.create_future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> Any:
        """There are no other threads."""
        return self.call_soon(callback, *args, context=context)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """There is none."""

    async def create_connection(self, *args: Any, **named: Any) -> Any:
        """Refused, unless the place where this loop runs knows simulated backends."""
        raise NoRealIO(_NO_IO)

    async def create_server(self, *args: Any, **named: Any) -> Any:
        """Refused: methods are what others call."""
        raise NoRealIO(_NO_IO)

    def _make_self_pipe(self) -> None:
        """No other thread will ever wake this loop."""

    def _close_self_pipe(self) -> None:
        """There is none."""

    def _write_to_self(self) -> None:
        """There is nobody to wake."""


def waiting_tasks(loop: asyncio.AbstractEventLoop, files: Callable[[str], bool]) -> list[str]:
    """Where each task waits, as ``like, line 7: await self.lock.acquire()``; frames of the accepted files only."""
    found = []
    for task in sorted(asyncio.all_tasks(loop), key=hash):
        frames = [frame for frame in task.get_stack() if files(frame.f_code.co_filename)]
        frames = _awaited(task, files) or frames
        if frames:
            found.append(f"{frames[-1].f_code.co_name}, line {frames[-1].f_lineno}")
    return list(dict.fromkeys(found))


def _awaited(task: Any, files: Callable[[str], bool]) -> list[Any]:
    """The frames of a task's coroutines, outermost first."""
    found, coroutine = [], task.get_coro()
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None and files(frame.f_code.co_filename):
            found.append(frame)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return found
