"""Lanes for a hand-in: backends of their own, a zygote with the learner's program, and a pool that plays runs on them.

A scenario says which engine plays it, and each engine has lanes of its own kind; a worker opens those that it needs.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.util import Finalize
from typing import Any

from autograder.backends import Backends, connect
from autograder.backends.databases import (
    create_database, drop_database, drop_ownerless, judges_database, learner_address,
)  # fmt: skip
from autograder.backends.gateway import GatewayServer
from autograder.explore.lane import Gateway, Lane
from autograder.explore.names import RunName
from autograder.explore.scenario import Engine, Played
from autograder.explore.virtual_lane import VirtualLane
from autograder.grading.lane_kafka import begin_kafka, lanes_of
from autograder.grading.lane_redis import begin_redis
from autograder.grading.lane_replica import begin_replica
from autograder.grading.lane_warehouse import begin_warehouse
from autograder.grading.linux import die_with_parent
from autograder.grading.load_lane import LiveLane, open_live_lane
from autograder.grading.parts import reference_program
from autograder.grading.program import Program
from autograder.grading.sandbox import Sandbox
from autograder.grading.subject import Zygote
from autograder.grading.warmth import CLIENTS
from autograder.labs import Lab, find

__all__ = ["LaneSpec", "Pool", "backends_for", "close_lanes", "kept_lane", "open_lane", "workers"]

VIRTUAL_CLIENTS = (*CLIENTS, "autograder.grading.virtual_subject")
INSPECTED = 0
"""The number of the lab that is made for the moment around a learner's own function."""
LANES = max(2, min(4, os.cpu_count() or 2))


@dataclass(frozen=True, kw_only=True)
class LaneSpec:
    """All that is needed to open a lane, in this process or another."""

    backends: Backends | None
    """None for a lab that is played in virtual time alone."""
    lab: str
    program: Program


@contextmanager
def backends_for(lab: Lab, say: Callable[[str], None] = lambda line: None) -> Iterator[Backends | None]:
    """This clone's backends, started where they do not run; None, at once, for a lab that needs none."""
    if not lab.engines & {"backends", "load"}:
        yield None
        return
    with connect(say=say) as lease:
        yield lease.backends


def open_lane(spec: LaneSpec, cleanup: ExitStack) -> Lane:
    """Open a lane with backends; whatever it holds is let go when ``cleanup`` ends."""
    lab = find(spec.lab)
    assert spec.backends is not None, f"{lab.name} says that it needs no backends"
    # Code that is looked into may use topics that nobody named; a lab's own code uses the lab's.
    uses_kafka = bool(lab.topics) or lab.number == INSPECTED
    make_topics = begin_kafka(spec.backends, cleanup) if uses_kafka else None
    make_redis = begin_redis(spec.backends, cleanup) if lab.redis or lab.number == INSPECTED else None
    gateway = _begin_gateway(cleanup) if lab.gateway or lab.number == INSPECTED else None
    drop_ownerless(spec.backends.postgres)
    database = judges_database(next(_numbers))
    cleanup.callback(drop_database, spec.backends.postgres, database)
    judge_url = create_database(spec.backends.postgres, database, schema=lab.schema)
    zygote = cleanup.enter_context(Zygote(sandbox=Sandbox(reads=lab.reads)))
    zygote.load(spec.program)
    topics = make_topics(lab.topics) if make_topics else None
    redis = make_redis() if make_redis else None
    lane = Lane(
        database_url=judge_url,
        shop_url=learner_address(judge_url),
        topics=topics,
        redis=redis,
        subjects=zygote,
        gateway=_gateway_of(gateway, cleanup) if gateway else None,
        warehouse=begin_warehouse(cleanup) if lab.warehouse or lab.number == INSPECTED else None,
    )
    cleanup.callback(lane.close)
    return lane


def _begin_gateway(cleanup: ExitStack) -> GatewayServer:
    """Start a payment gateway without waiting for it."""
    server = GatewayServer()
    cleanup.callback(server.kill)
    server.launch()
    return server


def _gateway_of(server: GatewayServer, cleanup: ExitStack) -> Gateway:
    """A gateway that takes connections, with its sandbox."""
    server.wait()
    sandbox = server.sandbox()
    cleanup.callback(sandbox.close)
    return Gateway(server.address, sandbox)


def open_replicated_lane(spec: LaneSpec, cleanup: ExitStack) -> Lane:
    """Open a lane whose Postgres is of its own and has a follower."""
    assert spec.backends is not None, f"{spec.lab} says that it needs no backends"
    primary, replica = begin_replica(cleanup)
    lane = open_lane(replace(spec, backends=replace(spec.backends, postgres=primary)), cleanup)
    lane.replica = replica
    return lane


def open_virtual_lane(spec: LaneSpec, cleanup: ExitStack) -> VirtualLane:
    """Open a lane without backends: a zygote, and nothing else."""
    lab = find(spec.lab)
    zygote = cleanup.enter_context(Zygote(preload=VIRTUAL_CLIENTS, sandbox=Sandbox(reads=lab.reads)))
    zygote.load(spec.program)
    return VirtualLane(zygote)


def open_load_lane(spec: LaneSpec, cleanup: ExitStack) -> LiveLane:
    """Open a lane for sales under load."""
    lab = find(spec.lab)
    assert spec.backends is not None, f"{lab.name} says that it needs no backends"
    lane = open_live_lane(spec.backends, spec.program, cleanup, schema=lab.schema, topics=lab.topics, reads=lab.reads, reference=partial(reference_program, lab.name))
    lane.say = _say_of_a_long_run
    return lane


def _say_of_a_long_run(line: str) -> None:
    if _listener is not None:
        _listener.put(line)


def _count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


_numbers = _count()
_OPENERS: Mapping[Engine, Callable[[LaneSpec, ExitStack], Any]] = {
    "backends": open_lane,
    "replicated": open_replicated_lane,
    "virtual": open_virtual_lane,
    "load": open_load_lane,
}


class _Lanes:
    """The lanes that this worker holds open: those of one lab. The next program gets them as the one before has left
    them, since each run begins from a clean state anyway."""

    def __init__(self) -> None:
        self._open: dict[Engine, Any] = {}
        self._for: dict[Engine, LaneSpec] = {}
        self._cleanup = ExitStack()
        self._will_close = False

    def of(self, spec: LaneSpec, engine: Engine) -> Any:
        """The lane for this program, opened where it is not open yet."""
        if any((held.backends, held.lab) != (spec.backends, spec.lab) for held in self._for.values()):
            self.close()
        if self._for.get("load", spec) != spec:  # such a lane is made for one program
            self.close()
        lane = self._open.get(engine)
        if lane is None:
            self._close_at_the_end()
            lane = self._open[engine] = _OPENERS[engine](spec, self._cleanup)
        elif self._for[engine] != spec:
            lane.subjects.load(spec.program)
        self._for[engine] = spec
        return lane

    def _close_at_the_end(self) -> None:
        if not self._will_close:
            # A worker that was forked ends without the functions of atexit.
            Finalize(None, self.close, exitpriority=10)
        self._will_close = True

    def close(self) -> None:
        """Let go of all of them."""
        self._open.clear()
        self._for.clear()
        self._cleanup.close()


_lanes = _Lanes()


def kept_lane(spec: LaneSpec) -> Lane:
    """A clean lane with backends for this program: the one that this process has open for the lab, where that is whole."""
    lane = _lanes.of(spec, "backends")
    try:
        lane.reset()
    except Exception:  # what it stood on was restarted or has died since
        _lanes.close()
        lane = _lanes.of(spec, "backends")
        lane.reset()
    return lane


def close_lanes() -> None:
    """A worker that goes on without lanes: whoever owns their backends is about to stop them."""
    _lanes.close()


def play_one(spec: LaneSpec, scenario: str, name: RunName) -> Played:
    """Play one run on this worker's lane, opening it first where it is not open yet."""
    playable = find(spec.lab).scenario(scenario)
    lane = _lanes.of(spec, playable.engine)
    before = lane.subjects.losses
    played = playable.play_on(lane, name)
    # A zygote that died in the middle took its run with it; a program that kills it does so again.
    return played if lane.subjects.losses == before else playable.play_on(lane, name)


def play_and_tell(spec: LaneSpec, scenario: str, name: RunName) -> tuple[Played, str]:
    """Play one run, and say in a sentence which protections were on where it ran learner code."""
    played = play_one(spec, scenario, name)
    lane = _lanes.of(spec, find(spec.lab).scenario(scenario).engine)
    return played, lane.subjects.protection.describe()[0]


_listener: Any = None
"""Where a worker says how far a long run has come; None where nobody listens."""


def _begin_worker(listener: Any = None) -> None:
    """Ctrl-C is the parent's to handle; it then shuts the pool down. A parent that is killed takes us with it."""
    global _listener
    _listener = listener
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        die_with_parent()


def workers(lanes: int, listener: Any = None) -> ProcessPoolExecutor:
    """Processes that hold a lane each; handed to several pools, one after the other, they keep it.

    Into ``listener``, a queue between processes, they put lines about runs that take long.
    """
    return ProcessPoolExecutor(
        lanes, mp_context=multiprocessing.get_context("fork"), initializer=_begin_worker, initargs=(listener,)
    )


def _pass_on(lines: Any, say: Callable[[str], None]) -> None:
    """What workers say while a run takes long, as it comes."""
    while (line := lines.get()) is not None:
        say(line)


class Pool:
    """Plays runs side by side; results come in the order in which they were asked for.

    Runs begun by :meth:`prepare` wait in line; runs that somebody asks for and that were not prepared (the shrinker's)
    go to the head of the line, so that a counterexample is small before the whole sweep has ended.
    """

    def __init__(
        self,
        spec: LaneSpec,
        *,
        lanes: int = LANES,
        executor: Executor | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.spec = spec
        self._own = executor is None
        lanes = lanes_of(spec.backends.world, lanes) if spec.backends else lanes
        self._lines: Any = None
        if say is not None and self._own and "load" in find(spec.lab).engines:
            self._lines = multiprocessing.get_context("fork").SimpleQueue()
            threading.Thread(target=_pass_on, args=(self._lines, say), daemon=True).start()
        self.executor = executor or workers(lanes, self._lines)
        self._lock = threading.Lock()
        self._places = self._free = lanes + 1
        self._line: deque[tuple[str, RunName, Future[Played]]] = deque()
        self._promised: dict[tuple[str, RunName], Future[Played]] = {}
        self.protection = ""
        """Which protections were on, in one sentence; nothing when no run was played."""

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._line.clear()
            unwanted = self._free < self._places
        if self._own and (unwanted or isinstance(exc[1], KeyboardInterrupt)):
            self._end_workers()
        if self._own:
            self.executor.shutdown(wait=True, cancel_futures=True)
        if self._lines is not None:
            self._lines.put(None)

    def _end_workers(self) -> None:
        """Nobody waits for a run that nobody wants any more; what the workers leave behind, the next judge removes."""
        for process in list((getattr(self.executor, "_processes", None) or {}).values()):
            process.terminate()

    def prepare(self, scenario: str, names: Iterable[RunName], *, first: bool = False) -> list[Future[Played]]:
        """Begin to play these runs; whoever asks for them later finds them begun."""
        with self._lock:
            added = []
            for name in names:
                if (scenario, name) not in self._promised:
                    self._promised[scenario, name] = Future()
                    added.append((scenario, name, self._promised[scenario, name]))
            self._line = deque([*added, *self._line] if first else [*self._line, *added])
            promised = [self._promised[scenario, name] for name in names]
        self._feed()
        return promised

    def _feed(self) -> None:
        with self._lock:
            while self._free and self._line:
                scenario, name, promise = self._line.popleft()
                self._free -= 1
                running = self.executor.submit(play_and_tell, self.spec, scenario, name)
                running.add_done_callback(lambda done, promise=promise: self._keep(promise, done))

    def _keep(self, promise: Future[Played], done: Future[tuple[Played, str]]) -> None:
        with self._lock:
            self._free += 1
        if done.cancelled():
            promise.cancel()
        elif error := done.exception():
            promise.set_exception(error)
        else:
            played, self.protection = done.result()
            promise.set_result(played)
        with suppress(RuntimeError):  # the pool is being shut down: nobody will ask for what is still in line
            self._feed()

    def __call__(self, scenario: str, names: Iterable[RunName], *, again: bool = False) -> Iterator[Played]:
        names = list(names)
        if again:
            with self._lock:
                for name in names:
                    self._promised.pop((scenario, name), None)
        for future in self.prepare(scenario, names, first=True):
            yield future.result()
