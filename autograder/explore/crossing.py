"""Crossing: two or three calls of learner code, and every one of their requests waits until it is let through.

Between two turns the crossing waits for *quiescence*: each process waits at the gate with a request, waits inside
Postgres for a lock, or has ended. Who waits for a lock is what ``pg_blocking_pids`` says of a wait that is older than
:data:`SETTLED_S`; time alone never tells a slow statement from a blocked one. Then one request is let through, whose is
said by the plan (:mod:`autograder.explore.search`), and its answer, with the answers that it set free, is recorded in an
order that does not depend on which of them was faster.

Postgres ends a deadlock by failing one of its sessions: the one whose ``deadlock_timeout`` runs out first. With 1 ms for
that and a wait counted only after 3 ms, it is always the session whose request closed the cycle; a walk in which it was
another is walked again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from autograder.explore.conductor import Actor, Ended, Stuck
from autograder.explore.killed import is_kill, kill_of
from autograder.explore.recorder import Recorder
from autograder.explore.search import Decision, Plan, Step, Walk, take_turns
from autograder.explore.subject import RUN_LIMIT_S
from autograder.tap import Request, Tap

__all__ = ["SETTLED_S", "Crossing", "LockWaits", "WrongVictim"]

SETTLED_S = 0.003
"""A wait for a lock counts when it is as old as this."""
TURNS_MAX = 300
POLL_S = 0.02
LOOK_S = 0.001
"""Between two looks at the locks; the first comes when a wait could have settled."""
DEADLOCK = "40P01"
NO_SCRIPT = "NOSCRIPT"
"""The client's own affair: it loads the script and asks again."""
NOTHING = "nil"
"""Redis's answer to a write whose condition did not hold, as in SET ... NX."""
SAME_MAX = 2
"""Whoever has got the same answer to the same request so often, while nobody else did anything, waits for the others.

A second look is common (has somebody filled the cache while I got the lock?), a third is a loop."""

LockWaits = Callable[[Sequence[int]], dict[int, tuple[list[int], float]]]
"""For each of these Postgres sessions that waits for a lock: who holds it, and for how many seconds it has waited."""


class WrongVictim(RuntimeError):
    """Postgres failed another session than the one that closed the cycle; the walk does not count."""


@dataclass(eq=False)
class _Lane:
    """One process at the crossing."""

    number: int
    actor: Actor
    waiting: list[Request] = field(default_factory=list)
    """Held at the gate, in order of arrival; the first one is its next step."""
    under_way: Request | None = None
    """Let through, not answered."""
    answered: list[Request] = field(default_factory=list)
    """Answers of this turn, not recorded yet."""
    blocked: bool = False
    started: bool = False
    beside: tuple[str, ...] = ()
    """Who waited inside Postgres when its last request was let through."""
    failed: tuple[Step, int] | None = None
    """The last step that was refused, and how many turns the others had had by then."""
    heard: Counter[tuple[Step, int, str]] = field(default_factory=Counter)
    """How often a step got this answer while the others had had so many turns."""
    in_vain: set[tuple[Step, int]] = field(default_factory=set)
    """Steps that would get the same answer again, and how many turns the others had had by then."""

    @property
    def step(self) -> Step:
        """What it would do next."""
        return _step(self.waiting[0])


def _step(request: Request) -> Step:
    return Step(request.backend, f"{request.label}: {request.text}", request.kind == "read")


class Crossing:
    """Walks one schedule of the given processes."""

    def __init__(
        self,
        tap: Tap,
        recorder: Recorder,
        lock_waits: LockWaits,
        *,
        alike: bool,
        settled_s: float = SETTLED_S,
        processes_stay: bool = False,
    ) -> None:
        self.tap = tap
        self.recorder = recorder
        self.lock_waits = lock_waits
        self.alike = alike
        """The processes do the same with names that mean nothing: they start in order, the other orders are mirror images."""
        self.settled_s = settled_s
        self.processes_stay = processes_stay
        """They are wanted again, so a walk that is given up lets them come to their ends."""
        self.lanes: list[_Lane] = []
        self.decisions: list[Decision] = []
        self._by_process: dict[str, _Lane] = {}
        self._last: _Lane | None = None
        self._look_at = 0.0

    def walk(self, plan: Plan, actors: Sequence[Actor]) -> Walk:
        """Take turns until every process has ended; raises WrongVictim when the walk must be repeated."""
        self.lanes = [_Lane(number, actor) for number, actor in enumerate(actors)]
        self._by_process = {lane.actor.process: lane for lane in self.lanes}
        self.tap.on_request, self.tap.on_answer = self._on_request, self._on_answer
        for lane in self.lanes:
            self.tap.unwatch(lane.actor.running)
            self.tap.watch(lane.actor.running, lambda lane=lane: self._news(lane))
        walk = take_turns(plan, self._able, self._go_on)
        if walk.redundant:
            self._give_up()
        return walk

    # ---- the tap's two questions

    def _on_request(self, request: Request) -> str:
        lane = self._by_process.get(request.process)
        if lane is None or lane.actor.done:
            return "drop"
        if request.kind == "control":
            return "forward"
        lane.waiting.append(request)
        return "hold"

    def _on_answer(self, request: Request) -> str:
        lane = self._by_process.get(request.process)
        if lane is not None and request is lane.under_way:
            lane.under_way, lane.blocked = None, False
            lane.answered.append(request)
            self._note_answer(lane, request)
            if request.error == DEADLOCK:
                self._deadlocked(lane, request)
        return "forward"

    def _note_answer(self, lane: _Lane, request: Request) -> None:
        """What is asked again in vain is not asked for ever: a loop that looks into Redis would never end otherwise."""
        asked = (_step(request), self._turns_of_others(lane))
        if request.error and request.error != NO_SCRIPT:
            lane.failed = asked
        if request.backend == "redis":
            lane.heard[*asked, request.answer] += 1
            if request.answer == NOTHING and request.kind != "read" or lane.heard[*asked, request.answer] >= SAME_MAX:
                lane.in_vain.add(asked)

    def _deadlocked(self, lane: _Lane, request: Request) -> None:
        if lane is not self._last:
            raise WrongVictim(lane.actor.process)
        entry = self.recorder.entry(request)
        if entry is not None:  # it waited for too short a time to be seen waiting
            entry.waits_for = tuple(dict.fromkeys((*entry.waits_for, *lane.beside)))

    # ---- turns

    def _able(self) -> tuple[tuple[int, ...], dict[int, Step]] | None:
        if not self._settle():
            return None
        able = [lane for lane in self.lanes if lane.waiting and lane.under_way is None]
        # What was refused is refused again until somebody else has done something: trying it in vain shows nothing new.
        able = [lane for lane in able if not self._tries_in_vain(lane)] or able
        steps = {lane.number: lane.step for lane in able}
        if self.alike:
            fresh = [lane.number for lane in able if not lane.started]
            able = [lane for lane in able if lane.started or lane.number == fresh[0]]
        return tuple(lane.number for lane in able), steps

    def _tries_in_vain(self, lane: _Lane) -> bool:
        now = (lane.step, self._turns_of_others(lane))
        return now == lane.failed or now in lane.in_vain

    def _turns_of_others(self, lane: _Lane) -> int:
        return sum(decision.chosen != lane.number for decision in self.decisions)

    def _go_on(self, decision: Decision) -> None:
        if is_kill(decision.chosen):
            self.decisions.append(decision)
            self._kill(self.lanes[kill_of(decision.chosen)])
            return
        if decision.chosen not in decision.steps:
            turn = len(self.decisions) + 1
            raise Stuck(f"The schedule cannot be repeated: at turn {turn} process {decision.chosen + 1} has nothing to do.")
        self.decisions.append(decision)
        self._let_through(self.lanes[decision.chosen])

    def _kill(self, lane: _Lane) -> None:
        """Its turn comes no more: it dies where it waits, and what it has not committed is rolled back."""
        if lane.actor.done or not lane.waiting:
            raise Stuck(f"The schedule cannot be repeated: process {lane.number + 1} is not where it was killed.")
        self.recorder.mark("crash", lane.actor.process, f"before {lane.waiting[0].label}")
        lane.waiting.clear()
        lane.actor.paused = False
        self._end(lane, Ended(kind="killed"))

    def _let_through(self, lane: _Lane) -> None:
        if len(self.decisions) > TURNS_MAX:
            self._end(lane, Ended(kind="endless", error=f"it had not ended after {TURNS_MAX} turns"))
            return
        if self._last is not None and self._last is not lane and self._last.waiting:
            self.recorder.mark("pause", self._last.actor.process, f"before {self._last.waiting[0].label}")
            self._last.actor.paused = True
        if lane.actor.paused:
            lane.actor.paused = False
            self.recorder.mark("resume", lane.actor.process)
        self._last, lane.started = lane, True
        lane.beside = tuple(other.actor.process for other in self.lanes if other.under_way is not None)
        lane.under_way = lane.waiting.pop(0)
        self._look_at = time.monotonic() + self.settled_s
        self.recorder.request(lane.under_way)
        lane.under_way.release()

    def _settle(self) -> bool:
        """Let everything happen that happens by itself; False when every process has ended."""
        deadline = time.monotonic() + RUN_LIMIT_S
        while not self._is_quiescent_now():
            under_way = any(lane.under_way is not None for lane in self.lanes)
            if not self.tap.poll(max(LOOK_S, self._look_at - time.monotonic()) if under_way else POLL_S):
                if under_way:
                    self._look_for_locks()
                for lane in self.lanes:
                    self._news(lane)
            if time.monotonic() > deadline:
                self._end_the_endless()
        self._record_answers()
        return any(not lane.actor.done for lane in self.lanes)

    def _is_quiescent_now(self) -> bool:
        """Quiescent by a look at the locks that is younger than the last answer: a commit has set its waiters free."""
        if not self._quiescent():
            return False
        if any(lane.blocked for lane in self.lanes):
            self._look_for_locks()
        return self._quiescent()

    def _quiescent(self) -> bool:
        if any(not self._rests(lane) for lane in self.lanes):
            return False
        waits = [lane for lane in self.lanes if lane.blocked]
        # All that are left wait for each other: Postgres is about to end the deadlock.
        return not waits or any(lane.waiting and not lane.blocked for lane in self.lanes)

    def _rests(self, lane: _Lane) -> bool:
        if lane.actor.done:
            return not any(link.process == lane.actor.process for link in self.tap.links)
        return lane.blocked if lane.under_way is not None else bool(lane.waiting)

    def _look_for_locks(self) -> None:
        """Ask Postgres who waits for whom; a wait counts once it has settled."""
        sessions = {
            lane.under_way.backend_pid: lane
            for lane in self.lanes
            if lane.under_way is not None and lane.under_way.backend == "postgres" and lane.under_way.backend_pid
        }
        waits = self.lock_waits(list(sessions)) if sessions else {}
        for pid, lane in sessions.items():
            holders, waited_s = waits.get(pid, ([], 0.0))
            lane.blocked = bool(holders) and waited_s >= self.settled_s
            if lane.blocked:
                self._note_wait(lane, holders)

    def _note_wait(self, lane: _Lane, holders: list[int]) -> None:
        entry = self.recorder.entry(lane.under_way) if lane.under_way else None
        by_pid = {link.backend_pid: link.process for link in self.tap.links if link.backend_pid}
        names = sorted({by_pid.get(pid, "another session") for pid in holders})
        if entry is not None:
            entry.waits_for = tuple(dict.fromkeys((*entry.waits_for, *names)))

    def _record_answers(self) -> None:
        """The answer to whoever had the turn first, then those that it set free, in the processes' order."""
        order = sorted(self.lanes, key=lambda lane: (lane is not self._last, lane.number))
        for lane in order:
            for request in lane.answered:
                self.recorder.answer(request)
            lane.answered.clear()

    # ---- ends

    def _news(self, lane: _Lane) -> None:
        if not lane.actor.done:
            result = lane.actor.running.poll()
            if result is not None:
                lane.actor.result = result
                self.tap.unwatch(lane.actor.running)

    def _end(self, lane: _Lane, ended: Ended) -> None:
        if not lane.actor.done:
            lane.actor.result = ended
            self.tap.unwatch(lane.actor.running)
            lane.actor.running.kill()
        self.tap.close_links(lane.actor.process)

    def _end_the_endless(self) -> None:
        for lane in self.lanes:
            if not self._rests(lane) or lane.blocked:
                self._end(lane, Ended(kind="hung", error=f"it had not ended after {RUN_LIMIT_S:.0f} seconds"))

    def _give_up(self) -> None:
        with suppress(WrongVictim):
            while self.processes_stay and (turn := self._able()) is not None:
                self._let_through(self.lanes[turn[0][0]])
        for lane in self.lanes:
            self._end(lane, Ended(kind="killed"))
