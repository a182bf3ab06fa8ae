"""Stage: what a scenario is told with. It starts the learner's processes, plays the other services, and takes snapshots.

A scenario is a plain function of a stage. The same function plays the undisturbed run and every run with a fault: the
stage carries the plan, and ``until_done`` and ``drain`` do what the shop does after a crash, namely ask again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from autograder.backends import Sandbox
from autograder.explore.conductor import Actor, Conductor, Ended
from autograder.explore.lane import Lane
from autograder.explore.names import RunName
from autograder.explore.pairs import NO_PAIRS, Pairs, StrikesInOrder
from autograder.explore.recorder import Recorder
from autograder.explore.subject import Result
from autograder.history import History
from autograder.invariants import State

__all__ = ["Job", "Stage"]

ATTEMPTS_MAX = 4
DRAINS_MAX = 25
ASKED_AGAIN = ("raised", "killed")
"""After these endings the shop asks again. Whatever hangs, floods or exits would do so again."""
LOCK_TIMEOUT_MS = 150
"""How long a service that the judge plays waits for a lock before it comes back later."""


@dataclass(frozen=True)
class Job:
    """One call of one of the learner's functions by one process."""

    process: str
    function: str
    arguments: tuple[Any, ...] = ()


@dataclass
class Stage:
    """One run in the making."""

    lane: Lane
    name: RunName
    target: str
    pairs: Pairs = NO_PAIRS
    recorder: Recorder = field(default_factory=Recorder)
    states: list[State] = field(default_factory=list)
    results: list[tuple[Job, Result | Ended]] = field(default_factory=list)
    trouble: str = ""
    """What an attempt that should have succeeded raised last; told to the learner when work stays undone."""
    second_was_first_to_end: bool = False
    """Under a pause: had the second process ended before the first went on?"""
    visible_at_resume: int = 0
    """Under a pause: how many messages a consumer saw when the first went on."""

    def __post_init__(self) -> None:
        self.take_the_tap()

    def take_the_tap(self) -> None:
        """From now on the tap asks this stage's conductor; whoever had it before has finished."""
        self.conductor = Conductor(
            self.lane.tap,
            self.recorder,
            strikes=StrikesInOrder.of(self.target, self.pairs, self.name.strike, self.name.then),
            blockers=self.lane.blockers,
        )

    @property
    def input(self) -> tuple[str, ...]:
        """What this run is made of, as its name says."""
        return self.name.input

    # ---- the learner's processes

    def once(self, process: str, function: str, *arguments: Any) -> Result | Ended:
        """One call; whatever happens, nobody asks again."""
        actor = self.start(Job(process, function, arguments))
        self.conductor.run(actor)
        return self.finish(Job(process, function, arguments), actor)

    def until_done(self, process: str, function: str, *arguments: Any) -> bool:
        """Call, and call again after a crash or an error, until it returns; False when it never does."""
        for _ in range(ATTEMPTS_MAX):
            kind = self.once(process, function, *arguments).kind
            if kind not in ASKED_AGAIN:
                return kind == "returned"
        return False

    def drain(
        self,
        process: str,
        function: str,
        *arguments: Any,
        settled: Callable[[], bool] = lambda: False,
        failures_max: int = ATTEMPTS_MAX,
        calls_max: int = DRAINS_MAX,
        after: Callable[[Result | Ended], None] = lambda ended: None,
    ) -> bool:
        """Call until it returns 0; False when it never does, or returns something that is no count.

        ``settled`` says whether everything is as it is at the end of the undisturbed run. That run has shown what a call
        then returns, so once the fault has struck it is not asked again. It is heard ``calls_max`` times at most, and may
        end ``failures_max`` - 1 times without an answer; ``after`` is called when a call has ended.
        """
        failures = 0
        answered = 0
        while answered < calls_max:
            if self.conductor.struck and settled():
                return True
            result = self.once(process, function, *arguments)
            after(result)
            answered += result.kind == "returned"
            if result.kind != "returned":
                failures += 1
                if failures >= failures_max or result.kind not in ASKED_AGAIN:
                    return False
            elif isinstance(result.value, bool) or not isinstance(result.value, int):
                self.trouble = f"{function} returned {result.value!r}; it must return how many it did, and 0 at the end"
                return False
            elif result.value == 0:
                return True
        self.trouble = f"{function} had not returned 0 after {calls_max} calls"
        return False

    def beside(self, job: Job, happens: Callable[[], None]) -> Result | Ended:
        """One call, and something that happens elsewhere: at the planned pause, at a lock, or when the call has ended."""
        actor = self.start(job)
        self.conductor.beside(actor, happens)
        return self.finish(job, actor)

    def together(
        self,
        first: Job,
        second: Job,
        *,
        between: Callable[[], object] = lambda: None,
    ) -> tuple[Result | Ended, Result | Ended]:
        """Two processes under a schedule of one preemption: the plan pauses the first, then the second runs.

        ``between`` happens before the second starts.
        """
        one = self.start(first)

        def start_second() -> Actor:
            between()
            return self.start(second)

        def look(two: Actor) -> None:
            self.second_was_first_to_end = two.done
            self.visible_at_resume = len(self.lane.messages())

        two = self.conductor.schedule(one, start_second, look)
        return self.finish(first, one), self.finish(second, two)

    def replaced(self, first: Job, second: Job) -> tuple[Result | Ended, Result | Ended]:
        """As :meth:`together`; but the first, while it is held, is taken for dead by its consumer groups.

        That is what a session timeout comes to, without the wait: the group's next generation begins without it, and
        what it still has in flight belongs to somebody else.
        """

        def evict() -> None:
            actor = self.conductor.actors.get(first.process)
            if actor is not None and actor.paused:
                self.lane.leave_groups(first.process)
                self.recorder.mark("note", first.process, "its group takes it for dead")

        return self.together(first, second, between=evict)

    def start(self, job: Job) -> Actor:
        """A process begins this call; whoever conducts it calls :meth:`finish` when it has ended."""
        incarnations = self.recorder.processes.get(job.process, 0)
        if incarnations == 0 or job.process in self._crashed:
            self.recorder.begin(job.process)
            self.recorder.mark("restart" if incarnations else "start", job.process, job.function.rpartition(".")[2])
            self._crashed.discard(job.process)
        self.recorder.attempt(job.process)
        running = self.lane.start(job.process, job.function, list(job.arguments))
        return self.conductor.add(job.process, running)

    def finish(self, job: Job, actor: Actor) -> Result | Ended:
        """The call has ended: close what the process left open, and note how it ended."""
        self.conductor.leave(actor)
        self.lane.leave_groups(job.process)
        result = actor.result
        assert result is not None
        self.results.append((job, result))
        if result.kind == "killed":
            self._crashed.add(job.process)
        elif result.kind != "returned":
            self.trouble = result.error or result.kind
            self.recorder.mark("error", job.process, self.trouble)
        return result

    @property
    def _crashed(self) -> set[str]:
        return self.__dict__.setdefault("crashed", set())

    # ---- the other services, played by the judge

    def counted(self, function: str) -> int:
        """The sum of what a function has returned so far."""
        values = [ended.value for job, ended in self.results if job.function == function and ended.kind == "returned"]
        return sum(value for value in values if isinstance(value, int))

    def seed(self, sql: str, *parameters: Any) -> None:
        """Put something into the database before the story begins; not part of the history."""
        self.lane.database.execute(sql, parameters or None)

    @property
    def sandbox(self) -> Sandbox:
        """The door through which a scenario tells the payment gateway to misbehave; its lab must ask for a gateway."""
        if self.lane.gateway is None:
            raise ValueError("this lab has no payment gateway: say gateway=True in its Lab")
        return self.lane.gateway.sandbox

    @contextmanager
    def service(self, process: str) -> Any:
        """A session of another service, recorded like everybody's; yields ``tell(label, shown, sql, *parameters)``.

        It gives up on a lock that somebody keeps: psycopg's LockNotAvailable then says so.
        """
        with self.lane.session() as session:
            session.execute(f"set lock_timeout = {LOCK_TIMEOUT_MS}")

            def tell(label: str, shown: str, sql: str, *parameters: Any) -> None:
                cursor = session.execute(sql, parameters or None)
                returned = cursor.fetchone() if cursor.description else None
                answer = f"{cursor.statusmessage}: {returned}" if returned else cursor.statusmessage or ""
                self.recorder.direct(process, label, shown, answer, effect=label != "BEGIN")

            yield tell

    def note(self, process: str, text: str) -> None:
        """A sentence in the margin of the picture."""
        self.recorder.mark("note", process, text)

    # ---- what the judge sees

    def snapshot(self, moment: str, tables: Sequence[str], *, groups: Sequence[str] = (), **known: Any) -> State:
        """Read the backends as they are now, and keep what they hold for the rules."""
        state = self.seen(moment, tables, groups=groups, **known)
        self.states.append(state)
        return state

    def seen(self, moment: str, tables: Sequence[str], *, groups: Sequence[str] = (), **known: Any) -> State:
        """What the backends hold now, and how far these consumer groups have come."""
        return State(
            moment=moment,
            at=self.recorder.tick,
            tables={table: self.lane.rows(table) for table in tables},
            messages=self.lane.messages(),
            progress=self.lane.progress(groups),
            redis=self.lane.redis.contents() if self.lane.redis is not None else {},
            **self.lane.ledger(),
            parcels=self.lane.warehouse.parcels() if self.lane.warehouse is not None else (),
            known={"trouble": self.trouble, **known},
        )

    def history(self, title: str) -> History:
        """The run as recorded so far."""
        return self.recorder.history(str(self.name), title)
