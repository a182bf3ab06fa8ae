"""A violation: the moment at which an invariant was not true, with the evidence for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograder.history import History
from autograder.invariants.state import State

__all__ = ["Invariant", "Violation"]


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One broken rule in one run."""

    rule: str
    """Name of the rule, as the lab lists it."""
    evidence: str
    """What was seen, in one sentence of the shop's words: ``p-1 is ordered, but no message tells of it``."""
    process: str = ""
    """The process at which the picture marks the violation; empty where no single one broke the rule."""


Invariant = Callable[[History, State], Violation | None]
"""A rule as code: None while it holds. Its docstring is the sentence that the learner reads."""
