"""Databases inside one Postgres: the learner's, one per lane of a judge, and how they are emptied between runs.

In a judge's database everything belongs to the role ``keeper``, as which nobody can log in. Learner code comes as
a role of the database's own name, which may read and write rows and nothing else: it can make nothing there that the
judge, who reads as superuser, would run.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from autograder.backends.errors import BackendError
from autograder.backends.processes import badge, identify, is_gone
from autograder.backends.state import ROOT

__all__ = [
    "JUDGES_PATH",
    "KEEPER",
    "SCHEMA",
    "create_database",
    "drop_database",
    "drop_ownerless",
    "in_database",
    "judges_database",
    "learner_address",
    "prepare_shop",
    "reset",
    "reset_statement",
]

SCHEMA = ROOT / "shop" / "schema.sql"
"""The shop's tables."""

OWNER = "shop"
KEEPER = "keeper"
"""Owns what is in a judge's database."""
GUEST = "guest"
"""The learners' roles of all judges' databases are its members; its rights are theirs."""
CONNECTIONS = 40
"""So many sessions may one learner's program hold; the server has 100."""
JUDGES_PATH = "pg_catalog, public"
"""The judge's search path: nobody but the keeper can make anything in these schemas."""

OPEN_TO_GUESTS = """
do $$
declare
    place name;
    maker regprocedure;
begin
    alter schema public owner to keeper;
    revoke create on schema public from public;
    for place in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('grant usage on schema %I to guest', place);
        execute format('grant select, insert, update, delete on all tables in schema %I to guest', place);
        execute format('grant usage, select on all sequences in schema %I to guest', place);
    end loop;
    -- A large object would outlive the run that made it.
    for maker in select oid::regprocedure from pg_proc
                  where pronamespace = 'pg_catalog'::regnamespace
                    and proname in ('lo_create', 'lo_creat', 'lo_from_bytea') loop
        execute format('revoke execute on function %s from public', maker);
    end loop;
end $$
"""


def learner_address(address: str) -> str:
    """The address of the same judge's database for learner code: its own role, without a password."""
    place = urlsplit(address)
    return urlunsplit(place._replace(netloc=f"{place.path.strip('/')}@{place.hostname}:{place.port}"))


def in_database(address: str, database: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(address)._replace(path=f"/{database}"))


def create_database(address: str, name: str, *, schema: Path | None = SCHEMA, template: str | None = None) -> str:
    """Make a judge's database, and the role of its name for learner code; return its superuser address.

    It holds the tables of a schema file, or a copy of a ``template`` database that nobody is connected to (12 ms).
    """
    with _superuser(address) as connection:
        _make_groups(connection)
        _make(connection, name, KEEPER, template)
        _make_guest(connection, name)
    made = in_database(address, name)
    if template is None and schema is not None:
        load_schema(made, schema, KEEPER)
    with _superuser(made) as connection:
        connection.execute(OPEN_TO_GUESTS)
    return made


def drop_database(address: str, name: str) -> None:
    """Remove a database if it exists, with its learner's role, and cut whoever is still connected to it."""
    with _superuser(address) as connection:
        _roll_back_prepared_in(connection, address, name)
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        _drop_guest(connection, name)


def judges_database(number: int) -> str:
    """The name of this process's ``number``-th database; it says whose it is."""
    me = identify(os.getpid())
    assert me is not None
    return f"judge_{badge(me)}_{number}"


def drop_ownerless(address: str) -> None:
    """Remove the databases that killed judges left behind, whoever they were."""
    with _superuser(address) as connection:
        names = [name for (name,) in connection.execute("select datname from pg_database where datname ~ '^judge_'")]
    for name in names:
        if is_gone(name.removeprefix("judge_").rpartition("_")[0]):
            with suppress(psycopg.Error):  # another judge may be removing it too
                drop_database(address, name)


def load_schema(address: str, schema: Path, owner: str) -> None:
    """Run a schema file as its owner, and note on the database which text it was; all or nothing."""
    text = schema.read_text(encoding="utf-8")
    with psycopg.connect(address) as connection:
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(owner)))
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
        _make_groups(connection)
        _close_to_strangers(connection)
        wanted = _fingerprint(schema.read_text(encoding="utf-8"))
        found = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = 'shop'"
        ).fetchone()
        if found and found[0] == wanted:
            return
        if found:
            for name in ("shop", "shop_before"):
                _roll_back_prepared_in(connection, address, name)
            connection.execute("drop database if exists shop_before with (force)")
            connection.execute("alter database shop rename to shop_before")
        _make(connection, "shop", OWNER, None)
    load_schema(in_database(address, "shop"), schema, OWNER)


def reset_statement(connection: psycopg.Connection[Any]) -> str:
    """The one simple query that empties every table of this database and restarts its sequences; prepare it once.

    Deleting beats ``truncate`` five times over on tables of a few rows. Foreign keys are off for its duration, so that
    the order of tables does not matter.
    """
    tables = connection.execute(
        "select format('%I.%I', schemaname, tablename) from pg_tables"
        " where schemaname !~ '^pg_' and schemaname <> 'information_schema' order by 1"
    ).fetchall()
    sequences = connection.execute(
        "select format('%I.%I', schemaname, sequencename), start_value from pg_sequences"
        " where schemaname !~ '^pg_' order by 1"
    ).fetchall()
    steps = [f"delete from {table}" for (table,) in tables]
    steps += [f"select setval('{name.replace(chr(39), chr(39) * 2)}', {start}, false)" for name, start in sequences]
    steps += _forget_settings(connection)
    return "; ".join(["begin", "set local session_replication_role = replica", *steps, "commit"])


def _forget_settings(connection: psycopg.Connection[Any]) -> list[str]:
    """What the learner's role has set for itself (``alter role``) would outlive the run."""
    name = connection.info.dbname
    if not _is_guest(connection, name):
        return []
    role = sql.Identifier(name).as_string(connection)
    return [f"alter role {role} reset all", f"alter role {role} in database {role} reset all"]


def reset(connection: psycopg.Connection[Any], statement: str | None = None) -> None:
    """Empty every table and restart every sequence; ``connection`` is a superuser's, in autocommit mode.

    Pass the statement from :func:`reset_statement` when you reset often: that takes 0.4 ms. End the sessions of the run
    before: a lock that they hold would make this wait. What the run has prepared and not committed outlives its sessions
    and keeps its locks; it is rolled back.
    """
    _roll_back_prepared(connection)
    connection.execute((statement or reset_statement(connection)).encode())


def _roll_back_prepared(connection: psycopg.Connection[Any]) -> None:
    """End the transactions of this database that wait for the second phase of a commit."""
    waiting = connection.execute("select gid from pg_prepared_xacts where database = current_database()").fetchall()
    for (gid,) in waiting:
        with suppress(psycopg.errors.UndefinedObject):  # somebody has ended it meanwhile
            connection.execute(sql.SQL("rollback prepared {}").format(sql.Literal(gid)))


def _roll_back_prepared_in(connection: psycopg.Connection[Any], address: str, name: str) -> None:
    """The same in another database: it cannot be dropped before, not even by force."""
    if connection.execute("select 1 from pg_prepared_xacts where database = %s", [name]).fetchone():
        with _superuser(in_database(address, name)) as inside:
            _roll_back_prepared(inside)


def _make(connection: psycopg.Connection[Any], name: str, owner: str, template: str | None) -> None:
    """Make a database that only its owner can enter."""
    query = sql.SQL("create database {} owner {} template {} strategy {}").format(
        sql.Identifier(name),
        sql.Identifier(owner),
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
    connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))


def _make_groups(connection: psycopg.Connection[Any]) -> None:
    """The roles that nobody logs in as; a judge beside us may be making them too."""
    for role in (KEEPER, GUEST):
        if not connection.execute("select from pg_roles where rolname = %s", [role]).fetchone():
            with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))


def _make_guest(connection: psycopg.Connection[Any], name: str) -> None:
    """The role for learner code in the database of its name; one that a killed judge left there is replaced."""
    _drop_guest(connection, name)
    role = sql.Identifier(name)
    connection.execute(
        sql.SQL("create role {} login connection limit {} in role {}").format(role, CONNECTIONS, sql.Identifier(GUEST))
    )
    connection.execute(sql.SQL("grant connect, temporary on database {} to {}").format(role, role))


def _drop_guest(connection: psycopg.Connection[Any], name: str) -> None:
    if _is_guest(connection, name):
        connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(name)))


def _is_guest(connection: psycopg.Connection[Any], name: str) -> bool:
    found = connection.execute(
        "select from pg_auth_members where member = to_regrole(quote_ident(%s)) and roleid = to_regrole(%s)",
        [name, GUEST],
    )
    return found.fetchone() is not None


def _close_to_strangers(connection: psycopg.Connection[Any]) -> None:
    """By default every role may enter every database; from now on only the owner and whom it was granted to."""
    for (name,) in connection.execute("select datname from pg_database where datallowconn").fetchall():
        connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))


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
