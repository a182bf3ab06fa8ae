"""Breakpoints: rules that stop, delay or drop chosen requests, before or after their effect."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from autograder.backends.kafka.trace import Trace
from autograder.backends.kafka.wire import Request

__all__ = ["Action", "Breakpoints", "Hit", "Rule", "Verdict", "When"]

When = Literal["before", "after"]
Action = Literal["pause", "drop", "delay"]
Verdict = Literal["continue", "drop"]


@dataclass
class Rule:
    """Which requests, and what happens to them."""

    id: int
    action: Action
    when: When = "before"
    api: str = "*"
    client: str = "*"
    topic: str | None = None
    nth: int | None = None
    """Only the how-manieth matching request, from 1; None for all."""
    delay_ms: int = 0
    seen: int = 0
    paused: asyncio.Future[Verdict] | None = None

    def strikes(self, request: Request) -> bool:
        """Is this the request the rule is about? Counts those that match."""
        name = request.api.name if request.api else ""
        if not fnmatchcase(name, self.api) or not fnmatchcase(request.client, self.client):
            return False
        if self.topic is not None and self.topic not in _topics(request.body):
            return False
        self.seen += 1
        return self.nth in (None, self.seen)


@dataclass(frozen=True)
class Hit:
    """A request that a rule has paused."""

    rule: int
    api: str
    client: str
    when: When


class Breakpoints:
    """All rules, and the requests that wait at one."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._rules: list[Rule] = []
        self._next_id = 1
        self._hits: asyncio.Queue[Hit] = asyncio.Queue()

    def __bool__(self) -> bool:
        return bool(self._rules)

    def add(self, **rule: Any) -> int:
        """A new rule; returns its id."""
        self._rules.append(Rule(id=self._next_id, **rule))
        self._next_id += 1
        return self._rules[-1].id

    def clear(self) -> None:
        """Forget all rules and hits; what was paused goes on."""
        for rule in self._rules:
            self._release(rule, "continue")
        self._rules = []
        while not self._hits.empty():
            self._hits.get_nowait()

    def resume(self, rule_id: int, verdict: Verdict) -> bool:
        """Let the request that waits at a rule go on, or drop its connection; False when none waits."""
        return any(self._release(rule, verdict) for rule in self._rules if rule.id == rule_id)

    async def next_hit(self, timeout_s: float) -> Hit:
        """The next request that was paused; raises TimeoutError."""
        return await asyncio.wait_for(self._hits.get(), timeout_s)

    async def pass_by(self, request: Request, when: When) -> Verdict:
        """Apply the rules to a request; "drop" closes its connection."""
        for rule in tuple(self._rules):
            if rule.when == when and rule.strikes(request):
                if await self._apply(rule, request, when) == "drop":
                    return "drop"
        return "continue"

    async def _apply(self, rule: Rule, request: Request, when: When) -> Verdict:
        name = request.api.name if request.api else ""
        self._trace.event("rule", rule=rule.id, action=rule.action, when=when, api=name, client=request.client)
        if rule.action == "drop":
            return "drop"
        if rule.action == "delay":
            await asyncio.sleep(rule.delay_ms / 1000)
            return "continue"
        rule.paused = asyncio.get_running_loop().create_future()
        self._hits.put_nowait(Hit(rule.id, name, request.client, when))
        return await rule.paused

    @staticmethod
    def _release(rule: Rule, verdict: Verdict) -> bool:
        if rule.paused is None or rule.paused.done():
            return False
        rule.paused.set_result(verdict)
        return True


def _topics(body: Any) -> set[str]:
    asked = getattr(body, "topic_data", None) or getattr(body, "topics", None) or ()
    return {getattr(topic, "name", None) or getattr(topic, "topic", None) or "" for topic in asked}
