"""The page asks the replica, whatever the session knows."""

import psycopg

from shop import Addresses


def mark(at: Addresses, key: str, status: str) -> str:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        connection.execute("update payment set status = %s where key = %s", (status, key))
        return position(connection)


def look(at: Addresses, key: str, token: str) -> tuple[str, str]:
    with psycopg.connect(at.replica, autocommit=True) as replica:
        return status_of(replica, key), token


def position(primary: psycopg.Connection) -> str:
    return primary.execute("select pg_current_wal_lsn()::text").fetchone()[0]


def status_of(connection: psycopg.Connection, key: str) -> str:
    return connection.execute("select status from payment where key = %s", (key,)).fetchone()[0]
