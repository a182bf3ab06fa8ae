"""Kept sessions: a Postgres session whose client has said good-bye can serve the next client that says the same hello.

Opening a session costs the server a fork and several milliseconds; emptying one with ``DISCARD ALL`` costs a fraction
of one. The next client of the same door hears the hello that the first one heard. A session is kept only where its client
left in order: nothing under way, nothing half said. It ends with the run otherwise, as ever.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograder.tap.wire import Wire

if TYPE_CHECKING:
    from autograder.tap.tap import Door

__all__ = ["EMPTY_IT", "KeptSessions", "Session"]


def _query(text: str) -> bytes:
    return b"Q" + struct.pack("!I", len(text) + 5) + text.encode() + b"\0"


EMPTY_IT = (_query("rollback"), _query("discard all"))
"""What makes a session as good as new; each is answered by one ReadyForQuery."""


@dataclass(frozen=True, eq=False)
class Session:
    """A session with Postgres that nobody uses."""

    wire: Wire
    hello: bytes
    """All that the server said until it was ready for the first query."""
    key: bytes
    backend_pid: int | None


class KeptSessions:
    """What waits, by door and by the words with which a client opened it."""

    def __init__(self) -> None:
        self.on = False
        """Is anything kept at all?"""
        self._waiting: dict[tuple[int, bytes], list[Session]] = {}

    def put(self, door: Door, opening: bytes, session: Session) -> None:
        """Keep it; the server may end it meanwhile."""
        waiting = self._waiting.setdefault((door.port, opening), [])
        session.wire.on_data = lambda data: None
        session.wire.on_sent = lambda: None
        session.wire.on_end = lambda: self._lost(waiting, session)
        waiting.append(session)

    def take(self, door: Door, opening: bytes) -> Session | None:
        """One that fits; None where there is none."""
        waiting = self._waiting.get((door.port, opening))
        return waiting.pop() if self.on and waiting else None

    def end_all(self) -> list[Wire]:
        """Keep nothing any more; whoever gets these wires ends them."""
        wires = [session.wire for waiting in self._waiting.values() for session in waiting]
        self._waiting.clear()
        self.on = False
        return wires

    def _lost(self, waiting: list[Session], session: Session) -> None:
        if session in waiting:
            waiting.remove(session)
        session.wire.close()
