"""Book: Postgres as a sale's program sees it: statements, and transactions that commit as a whole or not at all.

Behind it is psycopg with a few connections. In virtual time there are no sockets, so the same calls go to a simulated
database that knows the SQL of this course: ``insert … on conflict … returning``, ``update … returning``, ``delete``, ``select``
with ``for update``. Parameters are named, ``%(key)s``.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from shop.network import Broken, Node, Refused, Unavailable
from shop.payments import Unknown

__all__ = ["CONNECTIONS", "SIMULATED", "Book", "Statements", "node_at"]

CONNECTIONS = 8
"""How many connections one book opens at most: whoever comes then waits for one."""
SIMULATED = "simulated://"
"""How the address of a simulated backend begins; the name of the process follows."""
PATIENCE_S = 3.0
"""After so long without an answer of Postgres a book gives up: nobody knows then."""
Rows = list[dict[str, Any]]

_nodes: dict[str, Node] = {}
_numbers = itertools.count(1)


def node_at(address: str, node: Node | None = None) -> Node | None:
    """The place in the simulated network that an address stands for; None for a real address. With ``node``, its place from now on."""
    if not address.startswith(SIMULATED):
        return None
    if node is not None:
        _nodes[address] = node
    return _nodes[address]


class Statements(Protocol):
    """A book, or a transaction in it."""

    async def execute(self, sql: str, **parameters: Any) -> Rows:
        """One statement: the rows that it selects or returns.

        >>> await book.execute("select free from stock where item = %(item)s", item="lamp")
        [{'free': 3}]
        """


class Book:
    """One database.

    >>> async with Book(at.postgres) as book:
    ...     async with book.transaction() as tx:
    ...         taken = await tx.execute("update stock set free = free - 1 where item = %(item)s and free > 0 returning free", item="lamp")

    Every call raises Unavailable when nobody takes connections or a lock was not to be had (surely no effect), Unknown when the
    connection was lost on the way, Refused where a constraint says no, and other errors for a statement that is wrong.
    """

    def __init__(self, address: str) -> None:
        self._door: _Simulated | _Real = _Simulated(node) if (node := node_at(address)) is not None else _Real(address)

    async def __aenter__(self) -> Book:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._door.close()

    async def execute(self, sql: str, **parameters: Any) -> Rows:
        """One statement, committed at once."""
        return await self._door.execute(sql, parameters)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        """Statements that commit together when the block ends, and roll back when it raises."""
        async with self._door.transaction() as statements:
            yield statements


class _Real:
    """psycopg, with connections that are kept."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._free: list[Any] = []
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def close(self) -> None:
        for connection in self._free:
            await connection.close()
        self._free.clear()

    async def execute(self, sql: str, parameters: Mapping[str, Any]) -> Rows:
        async with self._connection() as connection:
            return await _rows(connection, sql, parameters)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        async with self._connection() as connection, connection.transaction():
            yield _Transaction(lambda sql, parameters: _rows(connection, sql, parameters))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        import psycopg  # here: whoever never asks never loads it

        async with self._places:
            connection = self._free.pop() if self._free else await self._connect(psycopg)
            try:
                yield connection
            except psycopg.IntegrityError as error:
                raise Refused(str(error)) from error
            except psycopg.OperationalError as error:
                if connection.broken or connection.closed:
                    raise Unknown(f"the connection to Postgres was lost: {error}") from error
                raise Unavailable(f"Postgres has rolled it back: {error}") from error
            finally:
                if connection.broken or connection.closed or connection.info.transaction_status:
                    with suppress(psycopg.Error):
                        await connection.close()
                else:
                    self._free.append(connection)

    async def _connect(self, psycopg: Any) -> Any:
        from psycopg.rows import dict_row

        try:
            return await psycopg.AsyncConnection.connect(self._address, autocommit=True, row_factory=dict_row)
        except psycopg.OperationalError as error:
            raise Unavailable(f"Postgres takes no connections: {error}") from error


async def _rows(connection: Any, sql: str, parameters: Mapping[str, Any]) -> Rows:
    cursor = await connection.execute(sql, dict(parameters) or None)
    return await cursor.fetchall() if cursor.description else []


class _Transaction:
    """The statements of one transaction."""

    def __init__(self, run: Any) -> None:
        self._run = run

    async def execute(self, sql: str, **parameters: Any) -> Rows:
        return await self._run(sql, parameters)


class _Simulated:
    """The same in virtual time: each statement is a call to the service ``postgres``."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def close(self) -> None:
        """There is nothing to let go of."""

    async def execute(self, sql: str, parameters: Mapping[str, Any]) -> Rows:
        return await self._ask(_verb(sql), "", sql, dict(parameters))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        name = f"tx-{next(_numbers)}"
        used = False

        async def run(sql: str, parameters: Mapping[str, Any]) -> Rows:
            nonlocal used
            used = True
            return await self._ask(_verb(sql), name, sql, dict(parameters))

        try:
            yield _Transaction(run)
            if used:
                await self._ask("commit", name)
        except BaseException:
            if used:  # whatever became of it: this connection is given up, and what is open on it rolls back
                self._node.send("postgres", "rollback", name)
            raise

    async def _ask(self, method: str, *args: Any) -> Any:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._node.call("postgres", method, *args)
        except ConnectionRefusedError as error:
            raise Unavailable(f"Postgres takes no connections: {error}") from error
        except (TimeoutError, ConnectionError) as error:
            raise Unknown("the connection to Postgres was lost") from error
        except Broken as error:
            raise ValueError(error.reason) from error


def _verb(sql: str) -> str:
    return (sql.split(None, 1) or ["select"])[0].lower()
