"""Local: a host on the simulation's own loop, for a day's notebook: its code is the reader's, and nobody judges it."""

from __future__ import annotations

import asyncio
import inspect
from contextvars import ContextVar
from typing import Any

from autograder.simulation.loop import waiting_tasks
from autograder.simulation.parties import Asked, ending_of, raised
from autograder.simulation.process import Born, Process
from autograder.simulation.switch import DISK, Switch
from autograder.values import plain, restored
from shop.network import ServiceError

__all__ = ["HOST", "LocalHost"]

HOST: ContextVar[Any] = ContextVar("host", default=None)
"""The host whose code is running; its tasks die with it."""


class LocalHost:
    """One incarnation, and its place in the network at once."""

    def __init__(self, process: Process, born: Born, switch: Switch) -> None:
        self.name, self.peers, self.clock_off_s = born.name, born.peers, born.clock_off_s
        self._process, self._switch = process, switch
        self._tasks: set[asyncio.Task[Any]] = set()
        self._born = born
        self._subject: Any = None
        self.gone = False
        self._made = self._spawn(self._make())

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task that this host's code has started."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _spawn(self, coroutine: Any) -> asyncio.Task[Any]:
        token = HOST.set(self)
        try:
            return self._switch.loop.create_task(coroutine)
        finally:
            HOST.reset(token)

    async def _make(self) -> None:
        if not self._born.make:
            return
        made = self._born.make(self, *self._born.args)
        self._subject = await made if inspect.isawaitable(made) else made
        if inspect.iscoroutinefunction(getattr(self._subject, "run", None)):
            self._spawn(self._subject.run())

    def take(self, asked: Asked) -> None:
        """Call a method."""
        self._spawn(self._ask(asked))

    async def _ask(self, asked: Asked) -> None:
        await asyncio.shield(self._made)
        try:
            found = getattr(self._subject, asked.method)
            value = found(*restored(list(asked.args)))
            value = plain(await value if inspect.isawaitable(value) else value)
        except ServiceError as error:
            asked.reply(ending_of(error), error.reason)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            self._process.failed(f"{asked.method}: {said}")
            asked.reply("broken", said)
        else:
            asked.reply("ok", value)

    async def call(self, to: str, method: str, *args: Any) -> Any:
        """Call a method of a service or a peer, and wait for its answer."""
        future = self._switch.loop.create_future()

        def hear(ending: str, value: Any) -> None:
            if not future.done():
                future.set_result((ending, value))

        waiting = None
        if not self.gone:
            waiting = self._switch.call(self.name, to, method, tuple(plain(arg) for arg in args), hear)
        try:
            ending, value = await future
        except asyncio.CancelledError:
            if waiting is not None and not self.gone:
                self._switch.give_up(waiting)
            raise
        if ending != "ok":
            raise raised(ending, str(value), to)
        return restored(value)

    def send(self, to: str, method: str, *args: Any) -> None:
        """The same one way."""
        if not self.gone:
            self._switch.send(self.name, to, method, tuple(plain(arg) for arg in args))

    async def save(self, key: str, value: Any) -> None:
        """Write to the process's own disk."""
        await self.call(DISK, "save", key, value)

    async def load(self, key: str, default: Any = None) -> Any:
        """Read from the process's own disk."""
        return await self.call(DISK, "load", key, default)

    def kill(self) -> None:
        """End it."""
        self.gone = True
        for task in sorted(self._tasks, key=hash):
            task.cancel()

    def waits(self) -> list[str]:
        """Where its tasks wait."""
        return waiting_tasks(self._switch.loop, lambda name: not name.startswith("<frozen") and "autograder" not in name)[:5]
