"""Engine 5, load: very many buyers at once against real processes and real backends, with faults at counted events.

:func:`play_load` plays one sale and returns its :class:`Recording`: plain data, for rules to judge and pictures to show. It
judges nothing itself. A sale that does not end within its limits comes back with ``finished`` false and the buyers who were
still waiting; that verdict is *unknown*, and never *broken*.

The idea of hard rules under sampled load, with faults fired by what has happened and not by a clock, is Jepsen's
(https://jepsen.io) turned around: the schedule is the machine's, so a rule must hold in every one of them.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from autograder.explore.load_buyers import Crowd
from autograder.explore.load_crew import Crew, NeverOpened
from autograder.explore.load_delivery import Delivery
from autograder.explore.load_lane import LoadLane
from autograder.explore.load_plan import LoadFault, LoadPlan, Probe, strikes_for
from autograder.explore.load_record import UNKNOWN, FaultMark, Histogram, Recording, Sample
from autograder.explore.load_watch import Watch

__all__ = ["LoadFault", "LoadPlan", "Probe", "Recording", "play_load", "progress_line", "strikes_for"]

PENDING_SAID = 5
QUIET_ROUNDS = 2


def play_load(lane: LoadLane, plan: LoadPlan, say: Callable[[Sample], None] | None = None) -> Recording:
    """Play one sale from a clean state; ``say`` hears of every sample while it runs (else whoever listens to the lane does).

    Call it where no event loop runs. Errors of the program are part of the recording; what it raises is ours.
    """
    lane.reset()
    lane.misbehave(plan.payments)
    if plan.begin:
        lane.begin(plan.begin)
    with _few_collections():
        recording = asyncio.run(_Sale(lane, plan, say or _each_second(lane, plan.buyers)).play())
    return replace(recording, state=lane.state(plan.tables))


def progress_line(sample: Sample, buyers: int) -> str:
    """A sample as one line for whoever waits: ``31,204 of 100,000 answered, 871 paid, 12,044 waiting``."""
    told = "".join(f", {count:,} {word}" for word, count in sorted(sample.told.items()))
    return f"{sample.at_s:5.1f} s: {sample.answered:,} of {buyers:,} answered{told}, {sample.waiting:,} waiting"


def _each_second(lane: LoadLane, buyers: int) -> Callable[[Sample], None]:
    """A line for whoever listens to the lane, and not ten of them a second."""
    said: set[int] = set()

    def say(sample: Sample) -> None:
        if int(sample.at_s) not in said:
            said.add(int(sample.at_s))
            lane.say(progress_line(sample, buyers))

    return say


class _Sale:
    """One sale while it runs."""

    def __init__(self, lane: LoadLane, plan: LoadPlan, say: Callable[[Sample], None]) -> None:
        self._lane, self._plan, self._say = lane, plan, say
        by_answers = [fault for fault in plan.faults if fault.answered]
        self._planned = sorted(by_answers, key=lambda fault: fault.answered, reverse=True)
        self._marks: list[FaultMark] = []
        self._striking: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1)
        self._why = ""

    async def play(self) -> Recording:
        plan, loop = self._plan, asyncio.get_running_loop()
        crew = self.crew = Crew(self._lane, plan, self._now, lambda: self.crowd.answered)
        watch_cpu = time.process_time()
        self.crowd = crowd = Crowd(plan, crew, self._answered)
        watch = Watch(self._lane, plan, crew, crowd, self._say)
        before = self._lane.served()
        try:
            await crew.start()
        except NeverOpened as error:
            self._why = f"no worker could open the sale: {error}"
            crowd.began = loop.time()
        else:
            self._delivery = Delivery(self._lane, plan, crew)
            await self._run(crowd, watch)
        wall_s = max(crowd.latency_ms, default=0.0) / 1000 if not self._why else self._now()
        settled_s = await self._settle(watch)
        await crew.stop()
        watch.close()
        self._thread.shutdown()
        served = {name: count - before.get(name, 0) for name, count in self._lane.served().items()}
        return self._recording(watch, wall_s, settled_s, time.process_time() - watch_cpu, served)

    def _now(self) -> float:
        """Seconds since the gate opened; 0 before."""
        began = self.crowd.began
        return round(asyncio.get_running_loop().time() - began, 4) if began else 0.0

    async def _run(self, crowd: Crowd, watch: Watch) -> None:
        """From the gate to the last final answer, or the limit."""
        crowd.gather()
        await asyncio.sleep(0)
        crowd.let_go()
        watching = asyncio.create_task(watch.watch())
        delivering = asyncio.create_task(self._delivery.deliver())
        deadline = asyncio.get_running_loop().time() + self._plan.limit_s
        while not crowd.done.done() and asyncio.get_running_loop().time() < deadline and not self.crew.is_lost:
            await asyncio.wait([crowd.done, watching, delivering], timeout=0.25, return_when=asyncio.FIRST_COMPLETED)
            self.crew.raise_ours()
            for task in (watching, delivering):
                if task.done():
                    task.result()
        if not crowd.done.done():
            lost = "every worker ended too often" if self.crew.is_lost else f"{self._plan.limit_s:g} s were over"
            self._why = f"it did not finish: {lost}"
        crowd.send_home()
        for task in (watching, delivering):
            task.cancel()
        await asyncio.gather(watching, delivering, *self._striking, return_exceptions=True)
        await watch.look()

    def _answered(self, count: int) -> None:
        while self._planned and self._planned[-1].answered <= count:
            task = asyncio.get_running_loop().create_task(self._strike(self._planned.pop(), count))
            self._striking.add(task)
            task.add_done_callback(self._striking.discard)

    async def _strike(self, fault: LoadFault, answered: int) -> None:
        if fault.what.startswith("worker-"):
            self.crew.kill(fault.what, fault.why)
            return
        async with self._one_at_a_time:
            at_s = self._now()
            await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._lane.restart(fault.what, forgets=fault.forgets))
            if fault.what == "gateway":
                self._lane.misbehave(self._plan.payments)
            down_s = round(self._now() - at_s, 4)
            why = f"{fault.why}, came back empty" if fault.forgets else fault.why
            self._marks.append(FaultMark(what=fault.what, why=why, at_s=at_s, answered=answered, down_s=down_s))

    async def _settle(self, watch: Watch) -> float:
        """Let the work behind the answers come to an end: nobody has anything to do, not even when holds are over."""
        loop = asyncio.get_running_loop()
        if self._why:
            return self._now()
        self.crew.background = False
        until = loop.time() + self._plan.settle_s
        for patience_s in (0.0, self._plan.hold_s):
            await asyncio.sleep(patience_s)
            quiet = 0
            while quiet < QUIET_ROUNDS:
                self.crew.expire(loop.time())
                done = await self.crew.round() + await self._delivery.once()
                quiet = 0 if done else quiet + 1
                if loop.time() > until:
                    self._why = f"the work behind the answers was not done {self._plan.settle_s:g} s after the last one"
                    return self._now()
                await asyncio.sleep(0.01)
        await watch.look()
        return self._now()

    def _recording(
        self, watch: Watch, wall_s: float, settled_s: float, generator_cpu_s: float, served: dict[str, float]
    ) -> Recording:
        plan, crew, crowd = self._plan, self.crew, self.crowd
        pending = tuple(number for number, answer in enumerate(crowd.answers) if answer is None)
        why = self._why
        if pending and not why:
            why = f"{len(pending):,} buyers have no final answer after {plan.answer_s:g} s or {plan.tries_max} tries"
        if pending:
            named = ", ".join(f"{number:,}" for number in pending[:PENDING_SAID])
            why += f" (buyers {named}{' ...' if len(pending) > PENDING_SAID else ''})"
        answered = [latency for latency, answer in zip(crowd.latency_ms, crowd.answers, strict=True) if answer is not None]
        never = [*self._planned, *(fault for slot in crew.slots for fault in slot.crashes)]
        calls = sum((slot.calls for slot in crew.slots), start=type(crew.errors)())
        return Recording(
            buyers=plan.buyers,
            workers=plan.workers,
            seed=plan.seed,
            finished=not why,
            why=why,
            told=crowd.told,
            answers=tuple(crowd.answers),
            late=tuple((number, late) for number, late in crew.late if _differ(late, crowd.answers[number])),
            pending=pending,
            wall_s=round(wall_s, 4),
            settled_s=settled_s,
            work_done=crew.work_done,
            requests=crowd.requests,
            retries=crowd.retries,
            timeouts=crew.timeouts,
            errors=dict(crew.errors.most_common()),
            latency=Histogram.of(answered),
            request=Histogram.of(crowd.request_ms),
            samples=tuple(watch.samples),
            faults=tuple(sorted([*self._marks, *crew.marks], key=lambda mark: mark.at_s)),
            missed=tuple(f"{fault.sentence}: that never came" for fault in never),
            generator_mb=watch.peak_mb,
            worker_mb=tuple(slot.peak_mb for slot in crew.slots),
            generator_cpu_s=round(generator_cpu_s, 3),
            workers_cpu_s=round(sum(slot.cpu_s for slot in crew.slots), 3),
            calls=dict(calls),
            served=served,
        )


def _differ(late: Mapping[str, Any], final: Mapping[str, Any] | None) -> bool:
    return final is not None and late.get("status") != final.get("status")


@contextmanager
def _few_collections() -> Iterator[None]:
    """A hundred thousand tasks are no garbage: looking through them again and again would cost half the sale."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
