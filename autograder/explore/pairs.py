"""Planned strikes on real processes: where the one or two faults of a run strike, each once, in their order.

The first strike counts the calls of the first life of one process, the target. The second counts from the first one on:
the calls of whoever comes next, be it the same process in its second life, or another one. So a pair needs no
more words than two strikes, and its name says the same wherever it is played.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from autograder.explore.names import Strike, is_slug_of, slug
from autograder.explore.recorder import PREPARATIONS
from autograder.faults import Fault
from autograder.history import History

__all__ = ["NO_PAIRS", "Pairs", "StrikesInOrder"]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """A fixed set of pairs: after each of the first faults, each of the second ones at every call that follows.

    Killed *after* a call stands for killed before the next one: what the backends hold is the same. So one side is
    enough for either strike, where the single strikes have tried both.
    """

    first: tuple[str, ...] = ("kill-after",)
    """Which of the scenario's own strikes get a second one; each leads to a recovery of its own."""
    then: tuple[str, ...] = ("kill-after",)
    """What strikes a second time, at every call with an effect that came after the first strike."""
    of: tuple[str, ...] = ()
    """Who may be struck the second time, by the name of the process; the target, where nobody is named."""
    said: str = ""
    """Which pairs these are, for the line of the report that says what was covered."""

    def after(self, strike: Strike, history: History, target: str) -> tuple[Strike, ...]:
        """The second strikes that a run with this first one leads to."""
        if strike.fault not in self.first:
            return ()
        struck_at = next((mark.at for mark in history.marks if mark.kind in ("crash", "cut")), None)
        if struck_at is None:
            return ()
        seen: Counter[str] = Counter()
        points = []
        for call in history.calls:
            if call.start > struck_at and call.process in (self.of or (target,)) and call.label not in PREPARATIONS:
                seen[call.label] += 1
                points += [(call.label, seen[call.label])] if call.effect else []
        return tuple(Strike(fault=fault, label=slug(label), occurrence=nth) for label, nth in points for fault in self.then)


NO_PAIRS = Pairs(first=(), then=())
"""Every run has one strike."""


@dataclass
class StrikesInOrder:
    """The strikes of one run, and how far it has come with them."""

    target: str
    strikes: tuple[Strike, ...]
    again: tuple[str, ...] = ()
    """Who may be struck the second time."""
    _begun: int = 0
    _counts: bool = False
    _seen: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, target: str, pairs: Pairs, *strikes: Strike | None) -> StrikesInOrder:
        """What a scenario with these pairs plans; strikes that are None are not there."""
        return cls(target, tuple(strike for strike in strikes if strike), pairs.of or (target,))

    @property
    def struck(self) -> bool:
        """Has everything struck that was planned?"""
        return bool(self.strikes) and self._begun == len(self.strikes)

    def happened(self) -> None:
        """A strike has hit: from here on calls are counted for the next one."""
        self._counts = True

    def at(self, call: Any) -> Fault | None:
        """The fault that strikes at this call, if the next strike is meant for it; asked once for each call."""
        if self._begun >= len(self.strikes):
            return None
        strike = self.strikes[self._begun]
        if self._begun == 0:
            meant = call.process == self.target and call.incarnation == 1
            occurrence = call.occurrence
        else:
            meant = self._counts and call.process in self.again and call.label not in PREPARATIONS
            self._seen[call.label] += meant
            occurrence = self._seen[call.label]
        if not meant or occurrence != strike.occurrence or not is_slug_of(slug(strike.label), call.label):
            return None
        self._begun, self._counts = self._begun + 1, False
        return strike.what
