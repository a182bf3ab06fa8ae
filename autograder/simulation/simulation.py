"""Simulation: what a story is told with. It holds the virtual time, the network, the services, the clients and the history.

A story is ``async def story(sim)``: ordinary asyncio whose time jumps from timer to timer. Whatever the learner's
processes do between two of their timers costs no virtual time, except for what they sleep.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any

from autograder.simulation.ledger import Entry, Ledger
from autograder.simulation.local import HOST, LocalHost
from autograder.simulation.loop import VirtualLoop
from autograder.simulation.network import Network
from autograder.simulation.parties import CALLER, OUTCOMES, Answer, Ending, Service, text_of
from autograder.simulation.process import Born, Host, Process
from autograder.simulation.remote import RemoteHost, Wire
from autograder.simulation.streams import LocalStream, Streams
from autograder.simulation.stuck import Stuck
from autograder.simulation.switch import Strikes, Switch
from autograder.values import plain, restored

__all__ = ["Client", "Launch", "NoStrikes", "Simulation", "Snapshot"]

Launch = Callable[[Born], Wire]
"""Starts a subject for a new incarnation of a process."""
STANDSTILLS_MAX = 100_000
"""How many messages the processes may exchange while time stands still."""


class NoStrikes:
    """Nothing goes wrong."""

    def at(self, entry: Entry) -> str:
        """No fault, ever."""
        return ""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What the story knew at one moment; rules are asked at each."""

    moment: str
    at: int
    known: dict[str, Any]


@dataclass
class Client:
    """A user, played by the story."""

    name: str
    sim: Simulation
    timeout_ms: float | None = None
    recorded: bool = True

    async def call(self, to: str, method: str, *args: Any, timeout_ms: float | None = None) -> Answer:
        """Ask a process or a service, and wait; never raises."""
        limit_ms = self.timeout_ms if timeout_ms is None else timeout_ms
        sim, start = self.sim, self.sim.now_ms
        place = len(sim.answers)
        sim.answers.append(Answer(outcome="unknown", error="was still waiting when the run ended", start_ms=start))
        future = sim.loop.create_future()

        def hear(ending: Ending, value: Any) -> None:
            if not future.done():
                future.set_result((ending, value))

        args = tuple(plain(arg) for arg in args)
        waiting = sim.switch.call(self.name, to, method, args, hear, recorded=self.recorded)
        try:
            async with asyncio.timeout(None if limit_ms is None else limit_ms / 1000):
                ending, value = await future
        except TimeoutError:
            ending, value = "gave up", None
            sim.switch.give_up(waiting, f"gave up after {limit_ms:g} ms")
        said = "" if ending == "ok" else text_of(ending, value)
        answer = Answer(
            outcome=OUTCOMES[ending], value=restored(value) if ending == "ok" else None, error=said,
            start_ms=start, end_ms=sim.now_ms,
        )  # fmt: skip
        sim.answers[place] = answer
        return answer


class _Loop(VirtualLoop):
    """The story's loop: a task that a local process starts dies with it."""

    streams: Streams

    @property
    def off_s(self) -> float:  # type: ignore[override]
        """How far the clock of the process whose code is running is ahead."""
        host = HOST.get()
        return host.clock_off_s if host is not None else 0.0

    async def create_connection(self, factory: Any, host: Any = None, port: Any = None, **named: Any) -> Any:
        """A connection to a simulated backend, by its name."""
        if named.get("sock") is not None or host not in self.streams.backends:
            return await super().create_connection(factory, host, port)
        process = HOST.get()
        return await LocalStream(self.streams, process.name if process else "story", f"{host}:{port}").open(factory)

    def create_task(self, coroutine: Any, **named: Any) -> Any:
        task = super().create_task(coroutine, **named)
        host = HOST.get()
        if host is not None:
            host.adopt(task)
        return task


@dataclass
class Simulation:
    """One run in the making."""

    input: tuple[str, ...] = ()
    seed: int = 0
    label: str = "story"
    """What the chance of this run is drawn from, together with the seed."""
    strikes: Strikes = field(default_factory=NoStrikes)
    launch: Launch | None = None
    limit_s: float = 3600.0
    bound: dict[str, Any] = field(default_factory=dict)
    """Classes for the names that the story gives, where processes run in this very process."""
    answers: list[Answer] = field(default_factory=list)
    series: dict[str, list[tuple[float, Any]]] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)
    processes: dict[str, Process] = field(default_factory=dict)
    failure: BaseException | None = None
    """What a service or the story itself raised: never the learner's fault."""

    def __post_init__(self) -> None:
        self.chance = f"{self.label}/{self.seed}"
        self.random = random.Random(f"{self.chance}/story")
        self.loop = _Loop(self._wait, self._circles)
        self.ledger = Ledger(lambda: self.loop.now)
        self.network = Network(self.chance)
        self.switch = Switch(self.loop, self.ledger, self.network, self.strikes)
        self.streams = self.loop.streams = Streams(self.switch)
        self._hosts: list[RemoteHost] = []
        self._clean = contextvars.copy_context()
        self._standstills = 0
        self._spawned: set[Any] = set()
        self.main: asyncio.Task[Any] | None = None

    # ---- time

    @property
    def now_ms(self) -> float:
        """Virtual milliseconds since the run began."""
        return self.loop.now * 1000

    async def never(self) -> None:
        """Wait for something that never comes."""
        await self.loop.create_future()

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Work beside the story; what it raises ends the run as our error."""
        task = self.loop.create_task(coroutine, context=self._clean.copy())
        self._spawned.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._spawned.discard(task)
        if not task.cancelled() and task.exception() is not None and self.failure is None:
            self.failure = task.exception()
            if self.main is not None:
                self.main.cancel()

    # ---- who takes part

    def process(
        self, name: str, make: Any = "", *args: Any, peers: Collection[str] = (), restart_after_ms: float | None = 1000,
        clock_off_s: float = 0.0,
    ) -> Process:
        """Start a process with learner code: an object of the class ``make``, or the module's functions without one.

        Its clocks are ``clock_off_s`` seconds ahead of everybody else's, or behind; its timers run as all do.
        """
        process = Process(
            name, self.switch, self._begin, make=make, args=args, peers=tuple(peers), restart_after_ms=restart_after_ms,
            seed=self.chance, clock_off_s=clock_off_s,
        )  # fmt: skip
        self.ledger.processes.setdefault(name)
        self.processes[name] = self.switch.processes[name] = self.switch.parties[name] = process
        self.switch.disks = {**self.switch.disks, name: process.store}
        process.start()
        return process

    def _begin(self, process: Process, born: Born) -> Host:
        make = self.bound.get(born.make, born.make) if isinstance(born.make, str) else born.make
        if self.launch is None:
            return LocalHost(process, Born(**{**vars(born), "make": make}), self.switch)
        host = RemoteHost(process, born, self.launch(born), self.switch, self.streams)
        self._hosts = [host for host in self._hosts if not host.gone] + [host]
        return host

    def service(
        self, name: str, subject: object, *, reads: Collection[str] = (), recorded: bool | Callable[..., bool] = True
    ) -> None:
        """A part of the shop: everybody may call the object's methods. ``reads`` names those without an effect.

        ``recorded`` may be a function of a call's arguments: of ten thousand calls a picture shows a few.
        """
        self.switch.parties[name] = Service(name, subject, self.spawn)
        self.switch.reads[name] = frozenset(reads)
        self.switch.drawn[name] = recorded if callable(recorded) else lambda *args: recorded

    def client(self, name: str, *, timeout_ms: float | None = None, recorded: bool = True) -> Client:
        """A user who asks; after ``timeout_ms`` it gives up, and its call is unknown."""
        return Client(name, self, timeout_ms, recorded)

    @property
    def caller(self) -> str:
        """Inside a service: who asked."""
        return CALLER.get()

    # ---- what is kept

    def measure(self, name: str, value: Any = 1) -> None:
        """One more point of a series."""
        self.series.setdefault(name, []).append((self.now_ms, value))

    def note(self, text: str, process: str = "") -> None:
        """A sentence in the picture."""
        self.ledger.mark("note", process, text)

    def snapshot(self, moment: str, **known: Any) -> Snapshot:
        """Ask the rules at this moment; ``known`` is what they read."""
        known = {"calls": self.ledger.records(), "series": self.series, "stuck": "", **known}
        found = Snapshot(moment=moment, at=self.ledger.last, known=known)
        self.snapshots.append(found)
        return found

    # ---- the loop

    def _wait(self, timer: float | None) -> None:
        """Nothing of the story's is ready: let the process that is due first run, or jump to the next timer."""
        due = [(host.due, number) for number, host in enumerate(self._hosts) if host.due is not None]
        first, number = min(due, default=(None, 0))
        times = [time for time in (timer, first) if time is not None]
        if not times:
            raise Stuck("deadlock", self.who_waits())
        self._advance(min(times))
        if first is not None and first <= self.loop.now:
            self._hosts[number].pump()

    def _advance(self, until: float) -> None:
        self._standstills = 0 if until > self.loop.now else self._standstills + 1
        self.loop.now = max(self.loop.now, until)
        if self.loop.now > self.limit_s:
            raise Stuck("limit", f"after {self.limit_s:g} s it is still not over: {self.who_waits()}")
        if self._standstills > STANDSTILLS_MAX:
            self._circles()

    def _circles(self) -> None:
        raise Stuck("livelock", f"messages go round in circles while time stands still: {self.who_waits()}")

    def who_waits(self) -> str:
        """Who waits for what, in one sentence."""
        calls = [waiting.entry for waiting in self.switch.waiting]
        said = [f"{one.caller} waits for {one.callee}.{one.method} since {one.start / 1000:g} ms" for one in calls[:4]]
        if len(calls) > len(said):
            said.append(f"{len(calls) - len(said)} more calls wait")
        for process in self.processes.values():
            places = process.waits()
            if places:
                said.append(f"{process.name} waits in {', '.join(places[:3])}" if process.running else f"{process.name} is down")
        return "; ".join(said) or "nothing is left to wait for"
