"""Scripts: plain SQL transactions of two sessions, in every order of their statements, on the real server.

No learner code takes part, so the judge holds both sessions itself and needs neither processes nor a tap. The idea of
asking the server, instead of its manual, which anomalies a level admits is Kleppmann's (Hermitage, 2014).
"""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.pq import ExecStatus, PGconn

from autograder.explore.crossing import SETTLED_S, LockWaits
from autograder.explore.search import Plan, Step, Walk, all_schedules, take_turns

__all__ = ["Outcome", "Script", "outcomes"]

LOOK_S = 0.0005
READS = ("select",)


@dataclass(frozen=True)
class Script:
    """One transaction: its statements, one after the other; COMMIT follows by itself."""

    statements: tuple[str, ...]

    def steps(self) -> tuple[str, ...]:
        """What is sent, statement by statement."""
        return (*self.statements, "commit")


@dataclass(frozen=True)
class Outcome:
    """What one schedule came to."""

    schedule: tuple[int, ...]
    answers: tuple[tuple[str | None, ...], ...]
    """For each session, the first value that each of its statements returned; None where it returned no row."""
    errors: tuple[str, ...]
    """For each session, the SQLSTATE that ended it; nothing where it committed."""
    after: Any
    """What ``look`` saw in the end."""


@dataclass(eq=False)
class _Session:
    number: int
    connection: PGconn
    todo: list[str]
    answers: list[str | None] = field(default_factory=list)
    error: str = ""
    busy: bool = False
    blocked: bool = False

    @property
    def waits(self) -> bool:
        return bool(self.todo) and not self.busy

    @property
    def step(self) -> Step:
        text = self.todo[0]
        reads = text.lower().startswith(READS) and " for " not in text.lower()
        return Step("postgres", text, reads)

    def send(self) -> None:
        self.connection.send_query(self.todo.pop(0).encode())
        self.busy, self.blocked = True, False

    def take(self) -> bool:
        """Take an answer in, when it is all here."""
        self.connection.consume_input()
        if self.connection.is_busy():
            return False
        first: str | None = None
        while (result := self.connection.get_result()) is not None:
            if result.status == ExecStatus.TUPLES_OK and result.ntuples and first is None:
                value = result.get_value(0, 0)
                first = value.decode() if value is not None else None
            elif result.status == ExecStatus.FATAL_ERROR:
                self._failed((result.error_field(ord("C")) or b"").decode())
        self.answers.append(first)
        self.busy = self.blocked = False
        return True

    def _failed(self, sqlstate: str) -> None:
        self.error = sqlstate
        self.todo = ["rollback"] if self.todo else []


def outcomes(
    address: str,
    level: str,
    scripts: Sequence[Script],
    *,
    reset: Callable[[], None],
    look: Callable[[], Any],
    lock_waits: LockWaits,
) -> list[Outcome]:
    """Every schedule of these transactions at this isolation level, up to commuting reads, and what each came to.

    ``reset`` makes the tables as they were; ``look`` reads what is left when all have ended.
    """
    connections = [PGconn.connect(address.encode()) for _ in scripts]
    found: list[Outcome] = []

    def walker(plan: Plan) -> Walk:
        reset()
        sessions = [
            _begin(number, connection, level, script)
            for number, (connection, script) in enumerate(zip(connections, scripts, strict=True))
        ]
        walk = _walk(plan, sessions, lock_waits)
        found[:] = [*found, _outcome(walk, sessions, look)] if not walk.redundant else found
        return walk

    try:
        for _ in all_schedules(walker):
            pass
    finally:
        for connection in connections:
            connection.finish()
    return found


def _begin(number: int, connection: PGconn, level: str, script: Script) -> _Session:
    connection.exec_(b"rollback")
    result = connection.exec_(f"begin isolation level {level}".encode())
    if result.status != ExecStatus.COMMAND_OK:
        raise psycopg.OperationalError(connection.error_message.decode(errors="replace").strip())
    return _Session(number, connection, list(script.steps()))


def _walk(plan: Plan, sessions: Sequence[_Session], lock_waits: LockWaits) -> Walk:
    def able() -> tuple[tuple[int, ...], dict[int, Step]] | None:
        if not _settle(sessions, lock_waits):
            return None
        steps = {session.number: session.step for session in sessions if session.waits}
        return tuple(steps), steps

    walk = take_turns(plan, able, lambda decision: sessions[decision.chosen].send())
    if walk.redundant:
        _give_up(sessions)
    return walk


def _settle(sessions: Sequence[_Session], lock_waits: LockWaits) -> bool:
    """Wait until each session has its answer or waits for a lock; False when all have ended."""
    while busy := [session for session in sessions if session.busy]:
        readable, _, _ = select.select([session.connection.socket for session in busy], [], [], LOOK_S)
        answered = [session for session in busy if session.connection.socket in readable and session.take()]
        if answered:
            for session in busy:
                session.blocked = False
            continue
        waits = lock_waits([session.connection.backend_pid for session in busy])
        for session in busy:
            holders, waited_s = waits.get(session.connection.backend_pid, ([], 0.0))
            session.blocked = bool(holders) and waited_s >= SETTLED_S
        if all(session.blocked for session in busy) and any(session.waits for session in sessions):
            return True
    return any(session.waits for session in sessions)


def _give_up(sessions: Sequence[_Session]) -> None:
    """End what is open; a session that waits for a lock gets it when the others have ended."""
    for session in sorted(sessions, key=lambda session: session.busy):
        while session.busy and not session.take():
            select.select([session.connection.socket], [], [], 1.0)
        session.connection.exec_(b"rollback")


def _outcome(walk: Walk, sessions: Sequence[_Session], look: Callable[[], Any]) -> Outcome:
    return Outcome(
        schedule=walk.schedule,
        answers=tuple(tuple(session.answers) for session in sessions),
        errors=tuple(session.error for session in sessions),
        after=look(),
    )
