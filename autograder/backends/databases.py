"""Databases inside one Postgres: the learner's, one per lane of a judge, and how they are emptied between runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from autograder.backends.errors import BackendError
from autograder.backends.state import ROOT

__all__ = ["SCHEMA", "create_database", "drop_database", "in_database", "prepare_shop", "reset", "reset_statement"]

SCHEMA = ROOT / "shop" / "schema.sql"
"""The shop's tables."""

OWNER = "shop"


def in_database(address: str, database: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(address)._replace(path=f"/{database}"))


def create_database(address: str, name: str, *, schema: Path | None = SCHEMA, template: str | None = None) -> str:
    """Make a database that the role shop owns and return its superuser address.

    It holds the tables of a schema file, or a copy of a ``template`` database that nobody is connected to (12 ms).
    """
    with _superuser(address) as connection:
        _make(connection, name, template)
    made = in_database(address, name)
    if template is None and schema is not None:
        load_schema(made, schema)
    return made


def drop_database(address: str, name: str) -> None:
    """Remove a database if it exists, and cut whoever is still connected to it."""
    with _superuser(address) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def load_schema(address: str, schema: Path) -> None:
    """Run a schema file as the role shop, and note on the database which text it was; all or nothing."""
    text = schema.read_text(encoding="utf-8")
    with psycopg.connect(address) as connection:
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
        connection.execute(text.encode())
        connection.execute("reset role")
        connection.execute(sql.SQL("comment on database {} is {}").format(database, _fingerprint(text)))


def prepare_shop(address: str, schema: Path = SCHEMA) -> None:
    """Make the role and the database ``shop`` where they are missing.

    When the course's schema has changed since, the old database is kept as ``shop_before`` and a new one is made.
    """
    with _superuser(address) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = %s", [OWNER]).fetchone():
            connection.execute(sql.SQL("create role {} login").format(sql.Identifier(OWNER)))
        wanted = _fingerprint(schema.read_text(encoding="utf-8"))
        found = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = 'shop'"
        ).fetchone()
        if found and found[0] == wanted:
            return
        if found:
            connection.execute("drop database if exists shop_before with (force)")
            connection.execute("alter database shop rename to shop_before")
        _make(connection, "shop", None)
    load_schema(in_database(address, "shop"), schema)


def reset_statement(connection: psycopg.Connection[Any]) -> str:
    """The one simple query that empties every table of this database and restarts its sequences; prepare it once.

    Deleting beats ``truncate`` five times over on tables of a few rows. Foreign keys are off for its duration, so that
    the order of tables does not matter.
    """
    tables = connection.execute(
        "select format('%I.%I', schemaname, tablename) from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema') order by 1"
    ).fetchall()
    sequences = connection.execute(
        "select format('%I.%I', schemaname, sequencename), start_value from pg_sequences order by 1"
    ).fetchall()
    steps = [f"delete from {table}" for (table,) in tables]
    steps += [f"select setval('{name.replace(chr(39), chr(39) * 2)}', {start}, false)" for name, start in sequences]
    return "; ".join(["begin", "set local session_replication_role = replica", *steps, "commit"])


def reset(connection: psycopg.Connection[Any], statement: str | None = None) -> None:
    """Empty every table and restart every sequence; ``connection`` is a superuser's, in autocommit mode.

    Pass the statement from :func:`reset_statement` when you reset often: that takes 0.4 ms. End the sessions of the run
    before: a lock that they hold would make this wait.
    """
    connection.execute((statement or reset_statement(connection)).encode())


def _make(connection: psycopg.Connection[Any], name: str, template: str | None) -> None:
    query = sql.SQL("create database {} owner {} template {} strategy {}").format(
        sql.Identifier(name),
        sql.Identifier(OWNER),
        sql.Identifier(template or "template0"),
        sql.Identifier("file_copy" if template else "wal_log"),
    )
    try:
        connection.execute(query)
    except psycopg.errors.DuplicateDatabase as error:
        raise BackendError(f"A database {name!r} exists already: drop it first, or choose another name.") from error
    except psycopg.errors.ObjectInUse as error:
        raise BackendError(f"The database {template!r} cannot be copied while somebody is connected to it.") from error
    except psycopg.errors.DiskFull as error:
        raise BackendError(f"The disk is full: Postgres cannot make the database {name!r}. Free some space.") from error


@contextmanager
def _superuser(address: str) -> Iterator[psycopg.Connection[Any]]:
    """A session in autocommit mode; raises BackendError when Postgres is not there."""
    try:
        connection = psycopg.connect(address, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        place = urlsplit(address)
        raise BackendError(
            f"Postgres does not answer at {place.hostname}:{place.port}: {str(error).strip()}."
        ) from error
    with connection:
        yield connection


def _fingerprint(text: str) -> str:
    return f"schema {hashlib.sha256(text.encode()).hexdigest()[:16]}"
