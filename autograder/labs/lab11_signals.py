"""Signals: what the services of lab 11's shop say about themselves while they run. Lines, spans and samples of metrics.

Every service stamps its lines with a clock of its own, which is never quite right. What caused what stands in ``parent``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from random import Random
from typing import Any

__all__ = ["COMPONENTS", "CORRELATION", "Desk", "Line", "Sample", "Signals", "Span", "clock_text"]

COMPONENTS = ("api", "cache", "pool", "stock", "payment", "gateway", "relay", "warehouse")
"""The services that write lines; each has a contract (:mod:`autograder.labs.lab11_contracts`)."""
Line = dict[str, Any]
BEGIN_S = 10 * 3600
"""The recording begins at 10:00:00."""
OFFSET_MAX_S = 0.2
CORRELATION: ContextVar[str] = ContextVar("correlation", default="")
SPAN: ContextVar[str] = ContextVar("span", default="")


@dataclass(frozen=True, kw_only=True)
class Span:
    """One piece of work; ``start_s`` is what the clock of its service said, ``ms`` how long it really took."""

    id: str
    parent: str
    correlation_id: str
    service: str
    name: str
    start_s: float
    ms: float


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One value of a metric at one moment, by the clock of whoever collects them."""

    at_s: float
    name: str
    labels: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Signals:
    """Everything that was recorded, and nothing else."""

    lines: tuple[Line, ...] = field(hash=False)
    """In the order in which a collector that sorts by ``at`` would show them."""
    spans: tuple[Span, ...]
    samples: tuple[Sample, ...]


def clock_text(seconds: float) -> str:
    """What a clock shows so many seconds after 10:00.

    >>> clock_text(61.5)
    '10:01:01.500'
    """
    total = round((BEGIN_S + seconds) * 1000)
    minutes, ms = divmod(total, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{ms // 1000:02d}.{ms % 1000:03d}"


class Desk:
    """Where the services of one run write; it knows each one's clock."""

    def __init__(self, chance: Random) -> None:
        self.off_s = {name: chance.uniform(-OFFSET_MAX_S, OFFSET_MAX_S) for name in COMPONENTS}
        self._numbers = dict.fromkeys(COMPONENTS, 0)
        self._lines: list[tuple[float, Line]] = []
        self._spans: list[Span] = []
        self._samples: list[Sample] = []

    def now_s(self, service: str) -> float:
        """What the clock of this service says, in seconds after 10:00."""
        return asyncio.get_running_loop().time() + self.off_s[service]

    def log(self, service: str, event: str, level: str = "info", **fields: Any) -> str:
        """Write a line; returns its id: the service, and the number of the line among its own."""
        self._numbers[service] += 1
        at_s, name = self.now_s(service), f"{service}-{self._numbers[service]:04d}"
        context = {"correlation_id": CORRELATION.get(), "span": SPAN.get()}
        told = {key: value for key, value in context.items() if value}
        line = {"line": name, "at": clock_text(at_s), "level": level, "service": service, "event": event, **told, **fields}
        self._lines.append((at_s, line))
        return name

    @contextmanager
    def span(self, service: str, name: str) -> Iterator[None]:
        """A piece of work: what is written inside belongs to it, whatever task writes it."""
        own, parent = f"s{len(self._spans) + 1:04x}", SPAN.get()
        self._spans.append(Span(id=own, parent=parent, correlation_id="", service=service, name=name, start_s=0, ms=0))
        place, start_s, began_s = len(self._spans) - 1, self.now_s(service), asyncio.get_running_loop().time()
        token, correlation = SPAN.set(own), CORRELATION.get()
        try:
            yield
        finally:
            SPAN.reset(token)
            took_ms = 1000 * (asyncio.get_running_loop().time() - began_s)
            self._spans[place] = Span(
                id=own, parent=parent, correlation_id=correlation, service=service, name=name,
                start_s=round(start_s, 3), ms=round(took_ms, 1),
            )  # fmt: skip

    def sample(self, name: str, value: float, labels: str = "") -> None:
        """One value of a metric, now."""
        at_s = asyncio.get_running_loop().time()
        self._samples.append(Sample(at_s=at_s, name=name, labels=labels, value=value))

    def signals(self) -> Signals:
        """All that was written."""
        lines = tuple(line for _, line in sorted(self._lines, key=lambda one: one[0]))
        return Signals(lines=lines, spans=tuple(self._spans), samples=tuple(self._samples))
