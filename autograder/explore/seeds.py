"""Seeds: the rows that a schema brings with it. Between two runs they are put back as they were."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

__all__ = ["Seeds"]

TABLES = """
select schemaname, tablename
  from pg_tables
 where schemaname !~ '^pg_' and schemaname <> 'information_schema'
 order by 1, 2
"""
SEQUENCES = "select schemaname, sequencename, last_value from pg_sequences where last_value is not null"


class Seeds:
    """What the tables of a database hold now, to be restored after every reset."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._tables: list[tuple[sql.Identifier, bytes]] = []
        for schema, table in connection.execute(TABLES).fetchall():
            name = sql.Identifier(schema, table)
            with connection.cursor().copy(sql.SQL("copy {} to stdout").format(name)) as copy:
                rows = b"".join(bytes(part) for part in copy)
            if rows:
                self._tables.append((name, rows))
        self._sequences = connection.execute(SEQUENCES).fetchall() if self._tables else []

    def restore(self) -> None:
        """Put the rows into the empty tables; in any order, since foreign keys are off meanwhile."""
        if not self._tables:
            return
        with self._connection.transaction():
            self._connection.execute("set local session_replication_role = replica")
            for name, rows in self._tables:
                with self._connection.cursor().copy(sql.SQL("copy {} from stdin").format(name)) as copy:
                    copy.write(rows)
            for schema, sequence, last in self._sequences:
                place = sql.Identifier(schema, sequence).as_string(self._connection)
                self._connection.execute("select setval(%s::regclass, %s)", (place, last))
