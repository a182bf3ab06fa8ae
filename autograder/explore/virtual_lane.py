"""Virtual lane: a source of subjects, and nothing else; network, services and time are made anew for every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["VirtualLane"]


@dataclass(frozen=True)
class VirtualLane:
    """Where scenarios in virtual time are played."""

    subjects: Any
    """Starts subjects that have the learner's program loaded, on virtual time."""
