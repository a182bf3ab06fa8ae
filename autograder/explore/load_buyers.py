"""The buyers: a hundred thousand tasks in one process, let go at one instant, each asking until it has a final answer.

A buyer repeats the same request with the same key. No answer, a broken wire and a worker that raised are all the same to
it: nothing is known, so it asks again, after a random wait that grows (full jitter), and of another worker.

Latency counts from the gate, so it is the time a buyer waited with everybody else in front of them.
"""

from __future__ import annotations

import asyncio
import json
import random
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from autograder.explore.load_crew import Crew
from autograder.explore.load_plan import LoadPlan
from autograder.explore.load_record import UNKNOWN

__all__ = ["Crowd"]

PAUSE_S, PAUSE_MAX_S = 0.1, 2.0
RETRY_AFTER_MAX_S = 5.0


class Crowd:
    """All buyers of one sale."""

    def __init__(self, plan: LoadPlan, crew: Crew, answered: Callable[[int], None]) -> None:
        self._plan, self._crew, self._tell = plan, crew, answered
        self._random = random.Random(f"buyers {plan.seed}")
        self._loop = asyncio.get_running_loop()
        self._gate = asyncio.Event()
        self._open = plan.buyers
        self._tasks: list[asyncio.Task[None]] = []
        self.done = self._loop.create_future()
        self.began = 0.0
        self.answers: list[Mapping[str, Any] | None] = [None] * plan.buyers
        self.latency_ms = array("f", bytes(4 * plan.buyers))
        self.request_ms = array("f")
        """From a request to its answer, whatever that says."""
        self.words: Counter[str] = Counter()
        self.fresh: list[float] = []
        """Latencies since the sampler looked."""
        self.answered = 0
        self.requests = 0
        self.retries = 0
        self._same: dict[str, Mapping[str, Any]] = {}

    def gather(self) -> None:
        """Everybody comes to the gate."""
        self._tasks = [self._loop.create_task(self._buyer(number)) for number in range(self._plan.buyers)]

    def let_go(self) -> None:
        """Open the gate: from here time counts."""
        self.began = self._loop.time()
        self._gate.set()

    def send_home(self) -> None:
        """Whoever still waits has no final answer, and will not get one."""
        for task in self._tasks:
            if not task.done():
                task.cancel()
        self._tasks.clear()

    @property
    def told(self) -> tuple[str, ...]:
        """By buyer, the word of the final answer."""
        return tuple(UNKNOWN if answer is None else str(answer["status"]) for answer in self.answers)

    async def _buyer(self, number: int) -> None:
        await self._gate.wait()
        plan, tries, again = self._plan, 0, False
        until = self.began + plan.answer_s
        while tries < plan.tries_max:
            wire = self._crew.pick(number + tries)
            if wire is None:
                await self._crew.somebody()
                if self._loop.time() > until or self._crew.is_lost:
                    break
                continue
            tries += 1
            self.requests += 1
            asked = self._loop.time()
            request = json.dumps(plan.request(number, again), separators=(",", ":")).encode()
            answer = await wire.ask(number, request, plan.ask_s)
            if answer is not None:
                self.request_ms.append((self._loop.time() - asked) * 1000)
            if answer is not None and answer.get("status") in plan.final:
                self._has(number, answer)
                return
            if self._loop.time() > until:
                break
            again = again or answer is None or answer.get("status") not in plan.untouched
            self.retries += 1
            await asyncio.sleep(self._pause(answer, tries))
        self._leave()

    def _pause(self, answer: Mapping[str, Any] | None, tries: int) -> float:
        after = answer.get("retry_after_s") if answer else None
        if isinstance(after, int | float) and after > 0:
            return min(float(after), RETRY_AFTER_MAX_S) * self._random.uniform(0.75, 1.25)
        return self._random.uniform(0, min(PAUSE_MAX_S, PAUSE_S * 2 ** min(tries, 10)))

    def _has(self, number: int, answer: Mapping[str, Any]) -> None:
        text = repr(answer)
        self.answers[number] = self._same.setdefault(text, answer) if len(self._same) < 10_000 else answer
        latency_ms = (self._loop.time() - self.began) * 1000
        self.latency_ms[number] = latency_ms
        self.fresh.append(latency_ms)
        self.words[str(answer["status"])] += 1
        self.answered += 1
        self._tell(self.answered)
        self._leave()

    def _leave(self) -> None:
        self._open -= 1
        if self._open == 0 and not self.done.done():
            self.done.set_result(None)
