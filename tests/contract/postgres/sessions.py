"""Sessions of one Postgres, and statements that wait for another session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any, TypeAlias

import psycopg

__all__ = ["Open", "Rows", "Session", "Shop", "rows"]

Session: TypeAlias = "psycopg.Connection[Any]"
Rows: TypeAlias = "list[tuple[Any, ...]]"
Open = Callable[..., Session]
PATIENCE_S = 20.0


class Shop:
    """A table `stock`, and the sessions that work on it at the same time."""

    def __init__(self, connect: Open) -> None:
        self._connect = connect
        self._observer = connect(autocommit=True)
        self._sessions: list[Session] = []
        self._threads = ThreadPoolExecutor(max_workers=4)

    def session(self, isolation: psycopg.IsolationLevel | None = None) -> Session:
        """One more session; its transactions have this isolation level."""
        self._sessions.append(self._connect())
        self._sessions[-1].isolation_level = isolation
        return self._sessions[-1]

    def do(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """A statement by itself, committed at once."""
        found = self._observer.execute(statement, parameters)
        return found.fetchall() if found.description else []

    def later(self, session: Session, statement: str) -> Future[Rows]:
        """Begin a statement that is going to wait for another session; returns when it does wait."""
        waiting = self._threads.submit(rows, session, statement)
        deadline = monotonic() + PATIENCE_S
        while not (waiting.done() or self.blockers(session)):
            assert monotonic() < deadline, f"{statement} neither waits nor ends"
        return waiting

    def blockers(self, session: Session) -> set[int]:
        """Whom a session waits for."""
        ((pids,),) = self.do("select pg_blocking_pids(%s)", [session.info.backend_pid])
        return set(pids)

    def quantity(self, item: str = "lamp") -> int:
        """How many there are, for everybody."""
        return int(self.do("select quantity from stock where item = %s", [item])[0][0])

    def end(self) -> None:
        """Close all sessions but the observer's."""
        for session in self._sessions:
            session.close()
        self._threads.shutdown()


def rows(session: Session, statement: str) -> Rows:
    """What a statement finds."""
    found = session.execute(statement)
    return found.fetchall() if found.description else []
