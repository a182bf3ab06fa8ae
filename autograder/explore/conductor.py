"""Conductor: lets subjects run, strikes the one planned fault, and gives every process its turn.

It owns the tap's two callbacks. At each request it decides: let it through, hold it (another process has its turn, or
the plan pauses here), or strike (kill the process, cut its connection, leave the request in flight). Nothing here waits
for a fixed time to decide what happened: a process is finished when it says so, blocked when Postgres says so
(``pg_blocking_pids``), and quiet when all its threads sleep.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from autograder.explore.pairs import StrikesInOrder
from autograder.explore.recorder import PREPARATIONS, Recorder
from autograder.explore.subject import RUN_LIMIT_S, Result, Running
from autograder.faults import Fault
from autograder.tap import Request, Tap

__all__ = ["Actor", "Conductor", "Ended", "Stuck"]

POLL_S = 0.02
QUIET_LOOKS = 3
QUIET_LOOKS_WHILE_BUSY = 60
QUIET_LOOK_S = 0.004
PATIENCE_S = 3.0
"""How long a message stays in flight while its process sleeps, or waits for the ack with a timeout of its own."""
CALLS_MAX = 400
IDLE_TURN_S = 1.5
"""How long a process that has its turn may stay silent (in a sleep of its own) before the next one gets a turn."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A subject that did not end by itself: killed by the plan, or stopped at a limit."""

    kind: str
    error: str = ""
    value: Any = None


class Stuck(RuntimeError):
    """The judge cannot go on with this run: a grader error, never the learner's loss."""


@dataclass(eq=False)
class Actor:
    """One process on the stage."""

    process: str
    running: Running
    result: Result | Ended | None = None
    gated: list[Request] = field(default_factory=list)
    in_flight: list[Request] = field(default_factory=list)
    calls: int = 0
    paused: bool = False
    parked: Request | None = None
    parked_at: float = 0.0
    looks: int = 0
    strike_at_rest: Callable[[], None] | None = None
    """A strike that waits until everything else the process has begun has come to rest."""

    @property
    def done(self) -> bool:
        """Has it ended, in whatever way?"""
        return self.result is not None


class Conductor:
    """Runs processes under one plan and records what they did."""

    def __init__(
        self,
        tap: Tap,
        recorder: Recorder,
        *,
        strikes: StrikesInOrder,
        blockers: Callable[[int], list[int]],
    ) -> None:
        self.tap = tap
        self.recorder = recorder
        self.strikes = strikes
        self.blockers = blockers
        self.actors: dict[str, Actor] = {}
        self.turn: Actor | None = None
        tap.on_request = self._on_request
        tap.on_answer = self._on_answer

    @property
    def struck(self) -> bool:
        """Has everything struck that was planned?"""
        return self.strikes.struck

    # ---- the tap's two questions

    def _on_request(self, request: Request) -> str:
        actor = self.actors.get(request.process)
        if actor is None or actor.done:
            return "drop"
        entry = self.recorder.request(request)
        actor.calls += 1
        if actor.calls > CALLS_MAX:
            self._end(actor, Ended(kind="endless", error=f"it made more than {CALLS_MAX} calls and did not end"))
            return "drop"
        fault = self.strikes.at(entry)
        if fault is not None:
            return self._strike_before(fault, actor, request, entry)
        if self.turn is not None and self.turn is not actor:
            actor.gated.append(request)
            return "hold"
        actor.in_flight.append(request)
        return "forward"

    def _on_answer(self, request: Request) -> str:
        actor = self.actors.get(request.process)
        entry = self.recorder.answer(request)
        if actor is None or entry is None:
            return "forward"
        if request in actor.in_flight:
            actor.in_flight.remove(request)
        if entry.fault and (fault := Fault.named(entry.fault)).side == "after":
            self.recorder.unheard(entry)
            return self._at_rest(actor, lambda: self._strike_now(fault, actor, entry, request))
        return "forward"

    def _strike_before(self, fault: Fault, actor: Actor, request: Request, entry: Any) -> str:
        entry.fault = fault.name
        if fault.kind in ("pause", "evict"):
            return self._pause(actor, request, entry)
        if fault.side == "after":
            actor.in_flight.append(request)
            return "forward"
        if fault.kind == "park":
            actor.parked = request
            self.recorder.mark("park", actor.process, f"{entry.label} stays in flight")
            return "hold"
        return self._at_rest(actor, lambda: self._strike_now(fault, actor, entry, request))

    def _pause(self, actor: Actor, request: Request, entry: Any) -> str:
        entry.fault = ""
        actor.paused = True
        actor.gated.append(request)
        self.recorder.mark("pause", actor.process, f"before {entry.label}")
        return "hold"

    def _at_rest(self, actor: Actor, strike: Callable[[], None]) -> str:
        """Strike at once, or, where other connections of the process may be busy, when they have come to rest.

        A process that sends in the background (Kafka's producer does) would otherwise be struck a little earlier or
        later in every repetition, and one run's name would stand for several histories.
        """
        if sum(link.process == actor.process for link in self.tap.links) < 2:
            strike()
            return "drop"
        actor.strike_at_rest = strike
        return "hold"

    def _strike_now(self, fault: Fault, actor: Actor, entry: Any, request: Request) -> None:
        self._mark_strike(fault, actor, entry)
        self.strikes.happened()
        if fault.kind == "crash":
            self._end(actor, Ended(kind="killed"))
        elif request.held:
            request.drop()

    def _mark_strike(self, fault: Fault, actor: Actor, entry: Any) -> None:
        what = "the answer to " if fault.side == "after" else ""
        if fault.kind == "crash":
            self.recorder.mark("crash", actor.process, f"{fault.side} {entry.label} #{entry.occurrence}")
        else:
            self.recorder.mark("cut", actor.process, f"the connection is cut before {what}{entry.label} arrives")

    # ---- letting processes run

    def add(self, process: str, running: Running) -> Actor:
        """A process has started."""
        actor = Actor(process=process, running=running)
        self.actors[process] = actor
        self.tap.watch(running, lambda: self._news(actor))
        return actor

    def run(self, actor: Actor, until: Callable[[], bool] = lambda: False) -> None:
        """Let the tap work until the actor has ended, or ``until`` says so."""
        deadline = time.monotonic() + RUN_LIMIT_S
        while not actor.done and not until():
            waits_for_rest = actor.parked is not None or actor.strike_at_rest is not None
            handled = self.tap.poll(QUIET_LOOK_S if waits_for_rest else POLL_S)
            if not handled:  # else the tap has called back when the process had news
                self._news(actor)
            if waits_for_rest and not actor.done:
                self._look(actor, handled)
            if not actor.done and time.monotonic() > deadline:
                self._end(actor, Ended(kind="hung", error=f"it had not ended after {RUN_LIMIT_S:.0f} seconds"))

    def _news(self, actor: Actor) -> None:
        if not actor.done:
            result = actor.running.poll()
            if result is not None:
                self._end(actor, result, kill=False)

    def _look(self, actor: Actor, handled: int) -> None:
        """Strike when nothing more happens; a request left in flight is lost with its process."""
        if not self._rests(actor, handled) or self._will_go_on(actor):
            return
        if actor.strike_at_rest is not None:
            strike, actor.strike_at_rest, actor.looks = actor.strike_at_rest, None, 0
            strike()
        elif actor.parked is not None:
            self.recorder.mark("crash", actor.process, "while the request was in flight")
            self.strikes.happened()
            self._end(actor, Ended(kind="killed"))

    def _will_go_on(self, actor: Actor) -> bool:
        """Does the process that has left a message in flight only sleep, or wait with a timeout? Then it goes on soon.

        A producer's preparation carries no message: nobody can take it for sent, so nobody waits for it here.
        """
        if actor.parked is None or actor.parked.backend != "kafka" or actor.parked.label in PREPARATIONS:
            return False
        actor.parked_at = actor.parked_at or time.monotonic()
        return time.monotonic() - actor.parked_at < PATIENCE_S and actor.running.waits_with_a_timeout()

    def _come_to_rest(self, actor: Actor) -> None:
        """Let everything go on that is not held, until the process only waits."""
        actor.looks = 0
        while not actor.done:
            handled = self.tap.poll(QUIET_LOOK_S)
            self._news(actor)
            if not actor.done and self._rests(actor, handled):
                return

    def _rests(self, actor: Actor, handled: int) -> bool:
        """Has nothing moved for several looks: no thread of the process, no backend that works for it?

        A statement that waits for a lock will not end by itself, so after many quiet looks it counts as rest too.
        """
        actor.looks = 0 if handled or not actor.running.quiet() else actor.looks + 1
        return actor.looks >= (QUIET_LOOKS_WHILE_BUSY if self.tap.is_busy(actor.process) else QUIET_LOOKS)

    def _end(self, actor: Actor, result: Result | Ended, *, kill: bool = True) -> None:
        if actor.done:
            return
        actor.result = result
        self.tap.unwatch(actor.running)
        if kill:
            actor.running.kill()
        elif actor.parked is not None:
            self.recorder.mark("crash", actor.process, "it ended while the request was in flight")
            self.strikes.happened()
            actor.result = Ended(kind="killed")

    def leave(self, actor: Actor) -> None:
        """Close what the process left open; when this returns the backends have rolled back what they must."""
        self.tap.close_links(actor.process)
        self.actors.pop(actor.process, None)

    # ---- two processes, one preemption

    def beside(self, actor: Actor, happens: Callable[[], None]) -> None:
        """``actor`` runs up to its pause, to a lock that it must wait for, or to its end; then something happens elsewhere."""
        self._take_turn(actor)
        happens()
        self._go_on(actor)
        self._take_turns(actor)
        self.turn = None

    def _go_on(self, actor: Actor) -> None:
        if actor.paused and not actor.done:
            actor.paused = False
            self.recorder.mark("resume", actor.process)

    def schedule(
        self, first: Actor, start_second: Callable[[], Actor], resumed: Callable[[Actor], None] = lambda second: None
    ) -> Actor:
        """``first`` runs up to its pause, ``second`` as far as it gets, then ``first`` goes on; one preemption in all."""
        self._take_turn(first)
        second = start_second()
        if first.paused and not first.done:
            self._take_turn(second)
            resumed(second)
            self._go_on(first)
        self._take_turns(first, second)
        self.turn = None
        return second

    def _take_turns(self, *actors: Actor) -> None:
        deadline = time.monotonic() + 2 * RUN_LIMIT_S
        while not all(actor.done for actor in actors):
            for actor in actors:
                if not actor.done:
                    self._take_turn(actor)
                if not actor.done and time.monotonic() > deadline:
                    self._end(actor, Ended(kind="hung", error=f"it had not ended after {2 * RUN_LIMIT_S:.0f} seconds"))

    def _take_turn(self, actor: Actor) -> None:
        """Let one process run until it ends, is paused, waits for a lock, or sleeps without a request for long."""
        self.turn = actor
        released, actor.gated = actor.gated, []
        for request in released:
            self.recorder.leaves(request)
            actor.in_flight.append(request)
            request.release()
        calls, silent_since = actor.calls, time.monotonic()
        deadline = silent_since + RUN_LIMIT_S
        while not actor.done:
            if time.monotonic() > deadline:
                self._end(actor, Ended(kind="hung", error=f"it had not ended after {RUN_LIMIT_S:.0f} seconds"))
                return
            handled = self.tap.poll(POLL_S / 4)
            self._news(actor)
            if actor.paused:
                self._come_to_rest(actor)
                return
            if actor.calls != calls or handled:
                calls, silent_since = actor.calls, time.monotonic()
            elif self._waits_for_a_lock(actor) or self._is_idle(actor, silent_since):
                return

    def _is_idle(self, actor: Actor, silent_since: float) -> bool:
        """Silent for long, and asleep? On a busy machine a process may be silent because it waits for a processor."""
        return time.monotonic() - silent_since > IDLE_TURN_S and actor.running.quiet()

    def _waits_for_a_lock(self, actor: Actor) -> bool:
        for request in actor.in_flight:
            if request.backend != "postgres" or not request.backend_pid:
                continue
            holders = self._processes(self.blockers(request.backend_pid))
            if holders:
                entry = self.recorder.entry(request)
                if entry is not None:
                    entry.waits_for = tuple(dict.fromkeys((*entry.waits_for, *holders)))
                return True
        return False

    def _processes(self, pids: list[int]) -> list[str]:
        """Which processes hold the sessions with these backend pids? A session of the judge's own counts as one."""
        if not pids:
            return []
        by_pid = {link.backend_pid: link.process for link in self.tap.links if link.backend_pid}
        return sorted({by_pid.get(pid, "another session") for pid in pids})
