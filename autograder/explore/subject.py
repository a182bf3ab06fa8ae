"""The seam between the explorer and the learner's process. Whoever starts subjects (grading does) keeps to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["RUN_LIMIT_S", "Result", "Running", "Subjects"]

RUN_LIMIT_S = 20.0
"""A safety net against endless programs: a process that has its turn for so long is ended and reported as hung."""


class Result(Protocol):
    """How a subject's call ended."""

    @property
    def kind(self) -> str:
        """``returned``, ``raised``, or how else the process ended."""

    @property
    def value(self) -> Any:
        """What the function returned, as JSON."""

    @property
    def error(self) -> str:
        """The exception in one line; empty when there was none."""


class Running(Protocol):
    """A subject in the middle of its call."""

    pid: int

    def fileno(self) -> int:
        """Readable when there is news for :meth:`poll`."""

    def poll(self) -> Result | None:
        """The result, once there is one; never blocks."""

    def kill(self) -> None:
        """SIGKILL for the whole process tree; it is dead when this returns."""

    def quiet(self) -> bool:
        """Does every thread of the subject sleep?"""

    def waits_with_a_timeout(self) -> bool:
        """Is its main thread in a sleep, or in a wait that ends by itself? False where the system does not tell."""


class Subjects(Protocol):
    """Starts subjects that have the learner's program loaded."""

    def start(self, function: str, arguments: list[Any], *, ports: Sequence[int], stays_as: str = "") -> Running:
        """Call one function of the program in a process of its own; under a name it may stay for the name's next call."""
