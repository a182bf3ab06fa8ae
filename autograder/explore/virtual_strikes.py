"""Strikes in virtual time: at which call of the target which fault strikes, once each, in the order of the plan."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.explore.names import Strike, is_slug_of
from autograder.simulation.ledger import Entry

__all__ = ["PlannedStrikes"]


@dataclass
class PlannedStrikes:
    """The strikes of one run."""

    target: str
    left: tuple[Strike, ...]

    def __post_init__(self) -> None:
        self._planned = len(self.left)

    def at(self, entry: Entry) -> str:
        """The fault that strikes at this call, if the next strike is meant for it."""
        if not self.left or entry.caller != self.target or not entry.recorded:
            return ""
        strike = self.left[0]
        same = strike.occurrence == entry.occurrence and is_slug_of(strike.label, entry.method)
        if not same:
            return ""
        self.left = self.left[1:]
        return strike.fault

    @property
    def began(self) -> bool:
        """Has the first strike struck? A second one may have nothing to strike at, and then the run is still a run."""
        return not self._planned or len(self.left) < self._planned
