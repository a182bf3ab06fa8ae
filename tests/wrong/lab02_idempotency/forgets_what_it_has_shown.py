"""The token is the position of the last write of this session, and stays so when the primary was asked."""

import psycopg

from shop import Addresses


def mark(at: Addresses, key: str, status: str) -> str:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        connection.execute("update payment set status = %s where key = %s", (status, key))
        return position(connection)


def look(at: Addresses, key: str, token: str) -> tuple[str, str]:
    with psycopg.connect(at.replica, autocommit=True) as replica:
        if has_come_to(replica, token):
            return status_of(replica, key), token
    with psycopg.connect(at.postgres, autocommit=True) as primary:
        return status_of(primary, key), token


def position(primary: psycopg.Connection) -> str:
    return primary.execute("select pg_current_wal_lsn()::text").fetchone()[0]


def has_come_to(replica: psycopg.Connection, token: str) -> bool:
    return not token or replica.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", (token,)).fetchone()[0]


def status_of(connection: psycopg.Connection, key: str) -> str:
    return connection.execute("select status from payment where key = %s", (key,)).fetchone()[0]
