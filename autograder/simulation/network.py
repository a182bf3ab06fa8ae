"""Network: how long a message takes, and whether it arrives. Every link has its own chance, from the run's seed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Network"]

_LATE = 10
"""How many times its usual latency a message takes at most that lets others pass."""


@dataclass
class Network:
    """Latency, loss, duplication, reordering, and who cannot reach whom."""

    seed: str
    loss: float = 0.0
    """Share of messages that never arrive."""
    duplication: float = 0.0
    """Share of requests that arrive twice."""
    reordering: float = 0.0
    """Share of messages that are held back so long that later ones overtake them."""
    _usual: tuple[float, float] = (0.001, 0.001)
    _links: dict[frozenset[str], tuple[float, float]] = field(default_factory=dict)
    _cuts: set[tuple[str, str]] = field(default_factory=set)
    _isolated: set[str] = field(default_factory=set)
    _sides: tuple[frozenset[str], frozenset[str]] | None = None
    _chances: dict[tuple[str, str], random.Random] = field(default_factory=dict)

    def latency(self, low_ms: float, high_ms: float, *, between: tuple[str, str] | None = None) -> None:
        """Every message takes between ``low_ms`` and ``high_ms``; or those of one link, when it is named."""
        if not 0 <= low_ms <= high_ms:
            raise ValueError(f"a latency lies between two times from 0 ms on, not {low_ms} and {high_ms}")
        if between is None:
            self._usual = (low_ms / 1000, high_ms / 1000)
        else:
            self._links[frozenset(between)] = (low_ms / 1000, high_ms / 1000)

    def isolate(self, *names: str) -> None:
        """Nobody reaches these nodes, and they reach nobody."""
        self._isolated |= set(names)

    def split(self, one: Iterable[str], other: Iterable[str]) -> None:
        """A network partition: no message passes between the two sides."""
        self._sides = (frozenset(one), frozenset(other))

    def cut(self, source: str, target: str, *, oneway: bool = False) -> None:
        """No message passes from one node to the other; nor back, unless it is one-way."""
        self._cuts.add((source, target))
        if not oneway:
            self._cuts.add((target, source))

    def heal(self) -> None:
        """Everybody reaches everybody again; what was lost stays lost."""
        self._cuts.clear()
        self._isolated.clear()
        self._sides = None

    def passes(self, source: str, target: str) -> bool:
        """Would a message get through at this moment, were it lucky?"""
        if (source, target) in self._cuts or {source, target} & self._isolated:
            return False
        if self._sides is None:
            return True
        one, other = self._sides
        return not ((source in one and target in other) or (source in other and target in one))

    def delays(self, source: str, target: str, *, twice: bool = False) -> list[float]:
        """Seconds that each copy of a message takes: none when it is lost, two when it is duplicated (``twice``: may be)."""
        chance = self._chance(source, target)
        copies = 0 if self.loses(source, target) else 1
        if self.duplication and twice and chance.random() < self.duplication:
            copies += copies
        return [self.delay(source, target) for _ in range(copies)] if self.passes(source, target) else []

    def loses(self, source: str, target: str) -> bool:
        """Is the next message on this link lost, by chance?"""
        return bool(self.loss) and self._chance(source, target).random() < self.loss

    def delay(self, source: str, target: str) -> float:
        """Seconds that a message takes on this link."""
        low, high = self._links.get(frozenset((source, target)), self._usual)
        chance = self._chance(source, target)
        seconds = low if low == high else chance.uniform(low, high)
        if self.reordering and chance.random() < self.reordering:
            seconds *= 1 + chance.random() * (_LATE - 1)
        return seconds

    def _chance(self, source: str, target: str) -> random.Random:
        link = (source, target)
        if link not in self._chances:
            self._chances[link] = random.Random(f"{self.seed}/{source}>{target}")
        return self._chances[link]
