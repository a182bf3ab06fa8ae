"""Postgres, Kafka and the payment gateway in virtual time, as :mod:`shop.book` and :mod:`shop.joined` ask them.

They are stand-ins, and each does less than the real one. The database is SQLite in memory, held to how Postgres isolates at
*read committed*: a statement sees what is committed, a write waits until nobody else's is open. Where Postgres locks rows, it
locks the whole database, so a run in it has fewer interleavings than there are; the real one is asked in other parts.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

from autograder.simulation.simulation import Simulation
from shop.gateway import Books
from shop.network import Broken, Refused

__all__ = ["SimulatedGateway", "SimulatedPostgres", "SimulatedTopic", "as_sqlite"]

LOOK_S = 0.002
LOCK_S = 2.0
"""After so many seconds a statement that waits for a lock is ended, as ``lock_timeout`` does."""
CHARGE_S = 0.05
_TYPES = {"bigint generated always as identity primary key": "integer primary key", "now()": "current_timestamp", "clock_timestamp()": "current_timestamp"}
_FOR_UPDATE = re.compile(r"\bfor\s+(no\s+key\s+)?update(\s+of\s+\w+)?(\s+skip\s+locked|\s+nowait)?", re.IGNORECASE)
_PARAMETER = re.compile(r"%\((\w+)\)s")
_CAST = re.compile(r"::\w+(\[\])?")
_CURRENT = re.compile(r"\b(now|clock_timestamp)\(\)", re.IGNORECASE)
Transaction = tuple[str, int, str]
"""Whose it is: process, incarnation, name."""


def as_sqlite(sql: str) -> str:
    """A statement of this course in the words of SQLite.

    >>> as_sqlite("select free from stock where item = %(item)s for update")
    'select free from stock where item = :item'
    """
    sql = _CURRENT.sub("current_timestamp", _CAST.sub("", _FOR_UPDATE.sub("", sql)))
    sql = re.sub(r"\bgreatest\(", "max(", re.sub(r"\bleast\(", "min(", sql))
    return _PARAMETER.sub(r":\1", sql).replace("%%", "%").strip()


class SimulatedPostgres:
    """One database of a simulation; the service ``postgres``."""

    READS = ("select", "rollback")

    def __init__(self, sim: Simulation, schema: Path) -> None:
        self._sim = sim
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._database.row_factory = sqlite3.Row
        text = schema.read_text(encoding="utf-8")
        for theirs, ours in _TYPES.items():
            text = text.replace(theirs, ours)
        self._database.executescript(text)
        self._database.execute("pragma foreign_keys = on")
        self._owner: Transaction | None = None
        self.statements = 0
        """How many it has been asked."""

    # ---- what the judge asks

    @property
    def holder(self) -> str:
        """The process whose transaction has written and is still open; nothing where there is none."""
        self._end_of_the_dead()
        return self._owner[0] if self._owner else ""

    def rows(self, table: str) -> tuple[dict[str, Any], ...]:
        """All committed rows of a table."""
        self._end_of_the_dead()
        assert self._owner is None or self._alive(self._owner)
        return tuple(dict(row) for row in self._database.execute(f"select * from {table} order by 1"))

    def seed(self, sql: str, **parameters: Any) -> None:
        """Put something into it before the story begins."""
        self._database.execute(as_sqlite(sql), parameters)

    # ---- what processes ask

    async def select(self, transaction: str, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """A statement that reads; with ``for update`` it waits as a write does."""
        return await self._run(transaction, sql, parameters, writes=bool(_FOR_UPDATE.search(sql)))

    async def insert(self, transaction: str, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """A statement that writes."""
        return await self._run(transaction, sql, parameters, writes=True)

    update = delete = insert
    with_ = insert

    def __getattr__(self, name: str) -> Any:
        if name == "with":
            return self.with_
        raise AttributeError(name)

    async def commit(self, transaction: str) -> None:
        """What the transaction has written becomes visible and stays."""
        if self._owner == self._own(transaction):
            self._database.execute("commit")
            self._owner = None

    async def rollback(self, transaction: str) -> None:
        """As if the transaction had never been."""
        if self._owner == self._own(transaction):
            self._roll_back()

    def _own(self, transaction: str) -> Transaction:
        caller = self._sim.caller
        process = self._sim.processes.get(caller)
        return caller, process.incarnation if process else 1, transaction

    async def _run(self, transaction: str, sql: str, parameters: dict[str, Any], *, writes: bool) -> list[dict[str, Any]]:
        own = self._own(transaction)
        self.statements += 1
        await self._wait_for_others(own)
        if writes and transaction and self._owner is None:
            self._database.execute("begin")
            self._owner = own
        try:
            return [dict(row) for row in self._database.execute(as_sqlite(sql), parameters).fetchall()]
        except sqlite3.IntegrityError as error:
            raise Refused(str(error)) from error
        except sqlite3.Error as error:
            raise Broken(f"the simulated Postgres does not take this statement ({error}): {' '.join(sql.split())[:120]}") from error

    async def _wait_for_others(self, own: Transaction) -> None:
        waited_s = 0.0
        while self._owner is not None and self._owner != own:
            self._end_of_the_dead()
            if self._owner is None:
                return
            if waited_s >= LOCK_S:
                raise Broken(f"waited {LOCK_S:g} s for a lock that a transaction of {self._owner[0]} keeps")
            await asyncio.sleep(LOOK_S)
            waited_s += LOOK_S

    def _alive(self, transaction: Transaction) -> bool:
        process = self._sim.processes.get(transaction[0])
        return process is None or (process.running and process.incarnation == transaction[1])

    def _end_of_the_dead(self) -> None:
        """Postgres notices a closed connection and rolls back what was open on it."""
        if self._owner is not None and not self._alive(self._owner):
            self._roll_back()

    def _roll_back(self) -> None:
        self._database.execute("rollback")
        self._owner = None


class SimulatedTopic:
    """One topic of Kafka; the service ``kafka``. Who reads it is played by the story."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        """Key and value, in order."""

    async def produce(self, topic: str, key: str, value: str) -> int:
        """Append a message; its offset."""
        self.messages.append((key, value))
        return len(self.messages) - 1


class SimulatedGateway:
    """The payment gateway; the service ``gateway``. Its books are the real one's."""

    READS = ("look_up",)

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self.books = Books()

    async def charge(self, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """``POST /charges``."""
        return await self._post("charge", key, body)

    async def refund(self, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """``POST /refunds``."""
        return await self._post("refund", key, body)

    async def look_up(self, key: str) -> tuple[int, dict[str, Any]]:
        """``GET /charges/KEY``."""
        return self.books.look_up("charge", key)

    async def _post(self, what: str, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        answer, behaviour = self.books.post(what, key, body)
        await asyncio.sleep(CHARGE_S)
        if behaviour == "silent":
            await self._sim.never()
        if behaviour in ("hangs up", "drops", "late"):
            raise ConnectionResetError(104, "the gateway hung up")
        return answer
