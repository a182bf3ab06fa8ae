"""What a sale under load is played on: workers that can be started and killed, backends that can be killed and come back.

This is the seam between the explorer and whoever opens real processes (grading does). The doors of a tap would cost more
than the sale itself, so a lane of this kind has none: its workers meet the backends directly.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from autograder.explore.subject import Running
from autograder.invariants import Message

__all__ = ["LoadLane", "Worker"]


@dataclass(frozen=True)
class Worker:
    """A worker that has been started: its process, and our end of its wire."""

    running: Running
    socket: socket.socket


class LoadLane(Protocol):
    """Everything that a sale under load needs, ready and warm."""

    say: Callable[[str], None]
    """Whoever waits hears how far a sale has come, in a line."""

    def reset(self) -> None:
        """As if nothing had ever happened."""

    def begin(self, statement: str) -> None:
        """A statement that Postgres executes before anybody comes: it puts the stock there."""

    def launch(self, terms: Any, crash_call: int) -> Worker:
        """Start a worker with the learner's program; it stops at its ``crash_call``-th client call (0: never)."""

    def as_reference(self) -> AbstractContextManager[None]:
        """Meanwhile workers are launched with the lab's reference in place of the learner's program."""

    def restart(self, what: str, *, forgets: bool = False) -> None:
        """SIGKILL for ``redis`` or ``gateway``, and the same again at the same address with what it had written down.

        With ``forgets`` Redis comes back empty.
        """

    def misbehave(self, payments: Mapping[str, int]) -> None:
        """From now on every n-th charge is treated so, by behaviour."""

    def probe(self, asked: Sequence[tuple[str, str]]) -> list[float | None]:
        """One number for each (backend, question); None from one that does not answer now."""

    def served(self) -> dict[str, float]:
        """What the backends have counted themselves since they were started."""

    def messages(self) -> Sequence[Message]:
        """All messages in the lane's topics; nothing where it has none."""

    def state(self, tables: Sequence[str]) -> dict[str, Any]:
        """The backends as they are now: tables, redis, charges, refunds, messages."""
