"""The crew: the worker processes of a sale, started again whenever one of them ends, and the work that nobody waits for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from autograder.explore.load_lane import LoadLane, Worker
from autograder.explore.load_plan import LoadFault, LoadPlan
from autograder.explore.load_processes import cpu_s, memory_mb, peak_mb
from autograder.explore.load_record import FaultMark
from autograder.explore.load_wire import Wire

__all__ = ["Crew", "NeverOpened"]

OPEN_S = 30.0
"""So long a worker may take to open the sale."""
WORK_PAUSE_S = 0.05
"""Between two rounds of background work when there was nothing to do."""
LAST_WORDS_TRIES = 30


class NeverOpened(Exception):
    """No worker could open the sale; the text is the program's own."""


class Slot:
    """One worker's place: whoever fills it, and what all its incarnations have used."""

    def __init__(self, name: str, crashes: list[LoadFault]) -> None:
        self.name = name
        self.crashes = crashes
        self.wire: Wire | None = None
        self.worker: Worker | None = None
        self.descriptor = -1
        self.ready: asyncio.Future[str] | None = None
        self.replies: dict[int, asyncio.Future[Any]] = {}
        self.why = ""
        self.peak_mb = 0.0
        self.cpu_s = 0.0
        self.calls: Counter[str] = Counter()
        self.counting: Mapping[str, int] = {}
        self.restarts = 0
        self.gone = False

    @property
    def is_up(self) -> bool:
        """Does it answer buyers?"""
        opened = self.ready is not None and self.ready.done() and not self.ready.result()
        return opened and self.wire is not None and self.wire.is_open

    def measure(self) -> None:
        """Remember what the present incarnation has used, before it is gone."""
        if self.worker is not None:
            self.peak_mb = max(self.peak_mb, peak_mb(self.worker.running.pid))

    def bury(self) -> None:
        """The incarnation has ended: add up what it used."""
        self.calls.update(self.counting)
        self.counting = {}
        for reply in self.replies.values():
            if not reply.done():
                reply.set_result(None)
        self.replies.clear()


class Crew:
    """All workers of one sale."""

    def __init__(self, lane: LoadLane, plan: LoadPlan, now: Callable[[], float], answered: Callable[[], int]) -> None:
        self._lane, self._plan, self._now, self._answered = lane, plan, now, answered
        by_call = [fault for fault in plan.faults if fault.call]
        self.slots = [
            Slot(name, sorted((one for one in by_call if one.what == name), key=lambda one: one.call))
            for name in plan.worker_names
        ]
        self.marks: list[FaultMark] = []
        self.errors: Counter[str] = Counter()
        self.late: list[tuple[int, Mapping[str, Any]]] = []
        self.work_done = 0
        self.timeouts = 0
        self._numbers = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._up = asyncio.Event()
        self._closing = False
        self.background = True

    async def start(self) -> None:
        """Start all workers and wait until each has opened the sale; raises NeverOpened with the program's words."""
        for slot in self.slots:
            self._tasks.append(asyncio.create_task(self._keep(slot)))
        while not all(slot.is_up for slot in self.slots):
            if any(slot.gone for slot in self.slots):
                raise NeverOpened(next(slot.why for slot in self.slots if slot.gone))
            self.raise_ours()
            await asyncio.sleep(0.01)
        self._tasks += [asyncio.create_task(self._work_on(slot)) for slot in self.slots]

    def raise_ours(self) -> None:
        """An error of ours in what looks after the workers must not look like a worker that is slow."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error

    def pick(self, first: int) -> Wire | None:
        """The wire to a worker that is there, beginning with this one; None when nobody is."""
        count = len(self.slots)
        for step in range(count):
            slot = self.slots[(first + step) % count]
            if slot.is_up:
                return slot.wire
        return None

    async def somebody(self) -> None:
        """Wait until a worker is there (or nobody will ever be: then whoever waits is ended by the watchdog)."""
        self._up.clear()
        if not any(slot.is_up for slot in self.slots):
            await self._up.wait()

    @property
    def waiting(self) -> int:
        """Requests that workers have and have not answered."""
        return sum(slot.wire.waiting for slot in self.slots if slot.wire is not None)

    @property
    def memory_mb(self) -> float:
        """Of all workers now."""
        return round(sum(memory_mb(slot.worker.running.pid) for slot in self.slots if slot.worker is not None and slot.is_up), 1)

    @property
    def is_lost(self) -> bool:
        """Has every worker ended so often that none is started any more?"""
        return all(slot.gone for slot in self.slots)

    def expire(self, now: float) -> None:
        """Stop waiting for answers that take too long, and ask how many calls were counted."""
        for slot in self.slots:
            if slot.wire is not None:
                slot.wire.expire(now)
                if slot.is_up:
                    slot.wire.tell(["count"])

    def kill(self, what: str, why: str) -> None:
        """SIGKILL for this worker, wherever it is."""
        for slot in self.slots:
            if slot.name == what and slot.wire is not None:
                slot.why = why
                self._end(slot)

    async def round(self) -> int:
        """One round of background work on every worker that is there; how much all of them did."""
        done = await asyncio.gather(*(self._work(slot) for slot in self.slots if slot.is_up))
        return sum(done)

    async def ship(self, event: Mapping[str, Any], number: int) -> bool:
        """Deliver an event to a worker; False when nobody knows whether it arrived."""
        slots = [slot for slot in self.slots if slot.is_up]
        if not slots:
            return False
        return await self._told(slots[number % len(slots)], "ship", dict(event)) == 0

    async def stop(self) -> None:
        """End all workers."""
        self._closing = True
        for slot in self.slots:
            if slot.is_up and slot.wire is not None:
                slot.wire.tell(["count"])
        await asyncio.sleep(0.02)
        for slot in self.slots:
            self._end(slot)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for slot in self.slots:
            slot.bury()

    async def _keep(self, slot: Slot) -> None:
        """Start this worker, and start it again when it has ended, until the sale is over or it ends too often."""
        killed_at: float | None = None
        while not self._closing:
            await self._launch(slot)
            opened = await self._opened(slot)
            if opened and killed_at is not None:
                self._came_back(slot.name, self._now() - killed_at)
            if opened:
                self._up.set()
                assert slot.wire is not None
                await slot.wire.closed
            await self._last_words(slot)
            words = self._end(slot)
            if self._closing:
                return
            killed_at = self._now()
            if opened or slot.restarts or slot.why:
                self.marks.append(self._mark(slot, words))
            slot.restarts += 1
            slot.gone = not opened and not slot.why or slot.restarts > self._plan.restarts_max
            if slot.gone:
                slot.why = slot.why or words or "it did not open the sale in time"
                self._up.set()
                return
            slot.why = ""

    async def _launch(self, slot: Slot) -> None:
        loop = asyncio.get_running_loop()
        crash = slot.crashes[0].call if slot.crashes else 0
        slot.ready = loop.create_future()
        slot.worker = self._lane.launch(self._plan.terms, crash)
        wire = Wire(lambda message: self._said(slot, message), self._came_late, self._failed)
        await loop.create_connection(lambda: wire, sock=slot.worker.socket)
        slot.wire = wire
        slot.descriptor = slot.worker.running.fileno()
        loop.add_reader(slot.descriptor, _drain, slot.worker.running, slot.descriptor)

    async def _opened(self, slot: Slot) -> bool:
        assert slot.ready is not None and slot.wire is not None
        await asyncio.wait([slot.ready, slot.wire.closed], timeout=OPEN_S, return_when=asyncio.FIRST_COMPLETED)
        if slot.ready.done() and not slot.ready.result():
            return True
        if slot.ready.done():
            self.errors[slot.ready.result()] += 1
        return False

    def _end(self, slot: Slot) -> str:
        """Kill what fills this place, if anybody does; how it ended, when nobody killed it."""
        worker, wire = slot.worker, slot.wire
        if worker is None:
            return ""
        slot.measure()
        slot.cpu_s += cpu_s(worker.running.pid)
        slot.worker = None
        asyncio.get_running_loop().remove_reader(slot.descriptor)
        result = worker.running.kill()
        said = slot.ready.result() if slot.ready is not None and slot.ready.done() else ""
        if wire is not None:
            self.timeouts += wire.timeouts
            wire.close()
        slot.bury()
        return said or ("" if result.kind == "killed" else result.error)

    async def _last_words(self, slot: Slot) -> None:
        """A worker that nobody killed has hung up: give its ending a moment to be told."""
        for _ in range(LAST_WORDS_TRIES):
            if slot.why or slot.worker is None or slot.worker.running.poll() is not None:
                return
            await asyncio.sleep(0.01)

    def _mark(self, slot: Slot, words: str) -> FaultMark:
        by_itself = not slot.why
        why = slot.why or "by itself"
        return FaultMark(what=slot.name, why=why, at_s=self._now(), answered=self._answered(), words=words if by_itself else "")

    def _came_back(self, name: str, down_s: float) -> None:
        for place in reversed(range(len(self.marks))):
            if self.marks[place].what == name:
                mark = self.marks[place]
                self.marks[place] = FaultMark(**{**vars(mark), "down_s": round(down_s, 4)})
                return

    def _said(self, slot: Slot, message: list[Any]) -> None:
        match message:
            case ["ready"] if slot.ready is not None and not slot.ready.done():
                slot.ready.set_result("")
            case ["failed", words] if slot.ready is not None and not slot.ready.done():
                slot.ready.set_result(str(words)[:300] or "it did not say why")
            case ["count", dict(counted)]:
                slot.counting = {str(name): int(count) for name, count in counted.items() if isinstance(count, int)}
            case ["crash", int(call), _] if slot.crashes and slot.crashes[0].call == call:
                slot.crashes.pop(0)
                self.kill(slot.name, f"client call {call:,}")
            case [("work" | "ship"), int(number), *rest]:
                reply = slot.replies.pop(number, None)
                if reply is not None and not reply.done():
                    reply.set_result(rest[0] if rest and isinstance(rest[0], int) else None)
                if len(rest) > 1:
                    self._failed(str(rest[1])[:300])

    def _came_late(self, buyer: int, answer: Mapping[str, Any]) -> None:
        if answer.get("status") in self._plan.final:
            self.late.append((buyer, answer))

    def _failed(self, words: str) -> None:
        if words in self.errors or len(self.errors) < 50:
            self.errors[words] += 1

    async def _work_on(self, slot: Slot) -> None:
        """Round after round of background work while the sale runs."""
        while True:
            done = await self._work(slot) if self.background and slot.is_up else 0
            await asyncio.sleep(0 if done else WORK_PAUSE_S)

    async def _work(self, slot: Slot) -> int:
        done = await self._told(slot, "work")
        self.work_done += done or 0
        return 1 if done is None else done

    async def _told(self, slot: Slot, *message: Any) -> int | None:
        """Ask a worker for something that is no buyer's, and wait; None when nobody knows what became of it."""
        assert slot.wire is not None
        number = self._numbers = self._numbers + 1
        reply = slot.replies[number] = asyncio.get_running_loop().create_future()
        slot.wire.tell([message[0], number, *message[1:]])
        done, _ = await asyncio.wait([reply], timeout=self._plan.ask_s)
        slot.replies.pop(number, None)
        return reply.result() if done else None


def _drain(running: Any, descriptor: int) -> None:
    """Take what a worker prints; a finished run has closed its descriptors."""
    if running.poll() is not None:
        asyncio.get_running_loop().remove_reader(descriptor)
