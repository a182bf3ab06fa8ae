"""Process: one running copy of learner code, its crashes and its disk. Where the code itself runs is its host's business.

A *host* runs the code: in a process of its own, behind a wire (:mod:`autograder.simulation.remote`), or, for a day's
notebook, on the simulation's own loop (:mod:`autograder.simulation.local`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.simulation.parties import Asked, Ending
from autograder.simulation.stuck import NoAnswer
from autograder.simulation.switch import Switch
from autograder.values import plain, restored

__all__ = ["Born", "Disk", "Host", "Process"]

RESTARTS_MAX = 5
"""How often a process that ends by itself is started again."""
ASKS_MAX = 3


@dataclass(frozen=True, kw_only=True)
class Born:
    """What a new incarnation of a process is told."""

    name: str
    peers: tuple[str, ...]
    make: Any
    """The class to make an object of: its name in the learner's program, or the class itself; empty for functions."""
    args: tuple[Any, ...]
    incarnation: int
    seed: str
    clock_off_s: float = 0.0
    """How many seconds its clocks are ahead; negative when they are behind."""


class Host(Protocol):
    """Runs one incarnation."""

    def take(self, asked: Asked) -> None:
        """Call a method of the learner's."""

    def kill(self) -> None:
        """End it, at once, with all that it had in memory."""

    def waits(self) -> list[str]:
        """Where its tasks wait, one phrase each."""


class Disk:
    """What one process has saved."""

    running = True

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept: dict[str, Any] = {}

    def take(self, asked: Asked) -> None:
        """Save or load."""
        if asked.method == "save":
            key, value = asked.args
            self.kept[key] = value
            asked.reply("ok", None)
        elif asked.method == "load":
            key, default = asked.args
            asked.reply("ok", self.kept.get(key, default))
        else:
            asked.reply("refused", f"a disk has no {asked.method}")


@dataclass
class Process:
    """A process of the simulation, through all its incarnations."""

    name: str
    switch: Switch
    begin: Callable[[Process, Born], Host]
    """Starts an incarnation."""
    make: Any = ""
    args: tuple[Any, ...] = ()
    peers: tuple[str, ...] = ()
    restart_after_ms: float | None = 1000
    seed: str = ""
    clock_off_s: float = 0.0
    incarnation: int = 0
    running: bool = False
    failures: list[str] = field(default_factory=list)
    """What its code raised, each once."""
    _host: Host | None = None
    _pending: dict[Asked, None] = field(default_factory=dict)
    _ended_itself: int = 0

    def __post_init__(self) -> None:
        self.store = Disk(self.name)

    @property
    def alive(self) -> bool:
        """Does it run?"""
        return self.running

    @property
    def disk(self) -> dict[str, Any]:
        """What it has saved."""
        return self.store.kept

    def start(self) -> None:
        """Begin the first incarnation, or the next one."""
        if self.running:
            return
        self.incarnation += 1
        self.running = True
        if self.incarnation > 1:
            self.switch.ledger.mark("restart", self.name)
        born = Born(
            name=self.name, peers=self.peers, make=self.make, args=self.args, incarnation=self.incarnation,
            seed=f"{self.seed}/{self.name}/{self.incarnation}", clock_off_s=self.clock_off_s,
        )  # fmt: skip
        self._host = self.begin(self, born)

    restart = start

    def crash(self, text: str = "") -> None:
        """SIGKILL: what it had in memory is gone, and it comes back after a while, if it is to."""
        if not self.running or self._host is None:
            return
        host, self._host, self.running = self._host, None, False
        self.switch.ledger.mark("crash", self.name, text)
        host.kill()
        self.switch.forget(self.name)
        pending, self._pending = list(self._pending), {}
        for asked in pending:
            asked.reply("reset", "")
        if self.restart_after_ms is not None:
            self.switch.loop.call_later(self.restart_after_ms / 1000, self.start)

    def ended(self, why: str) -> None:
        """The code ended its own process."""
        self.failed(why)
        self._ended_itself += 1
        if self._ended_itself > RESTARTS_MAX:
            self.restart_after_ms = None
        self.crash(why)

    def failed(self, text: str) -> None:
        """The code raised something."""
        if text and text not in self.failures:
            self.failures.append(text)

    def take(self, asked: Asked) -> None:
        """A call has arrived."""
        assert self._host is not None
        self._pending[asked] = None
        reply = asked.reply

        def told(ending: Ending, value: Any) -> None:
            if self._pending.pop(asked, 1) is None:
                reply(ending, value)

        self._host.take(Asked(asked.caller, asked.method, asked.args, told))

    async def ask(self, method: str, *args: Any) -> Any:
        """What the process says now, past the network and the history; when it dies meanwhile it is asked again.

        Raises NoAnswer when its code says no or is down for good; a story that lets that pass is stuck, by the learner's
        doing and not by ours.
        """
        said: Any = "it is down"
        for _ in range(ASKS_MAX):
            if not self.running:
                await asyncio.sleep((self.restart_after_ms or 0) / 1000)
            if self.running:
                ending, said = await self._asked(method, *args)
                if ending == "ok":
                    return restored(said)
                if ending != "reset":
                    break
        raise NoAnswer(str(said or "it died"), f"the judge asks {self.name} for {method} and is told")

    def _asked(self, method: str, *args: Any) -> asyncio.Future[tuple[Ending, Any]]:
        future = self.switch.loop.create_future()

        def told(ending: Ending, value: Any) -> None:
            if not future.done():
                future.set_result((ending, value))

        self.take(Asked("", method, tuple(plain(arg) for arg in args), told))
        return future

    def waits(self) -> list[str]:
        """Where its tasks wait."""
        return self._host.waits() if self._host is not None else ["is not running"]

    def end(self) -> None:
        """The simulation is over."""
        if self._host is not None:
            self._host.kill()
        self._host, self.running = None, False
