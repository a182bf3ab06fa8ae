"""Databases for lanes and learners: made, copied, emptied, dropped."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from autograder.backends import BackendError
from autograder.backends.databases import (
    SCHEMA,
    create_database,
    drop_database,
    in_database,
    prepare_shop,
    reset,
    reset_statement,
)
from autograder.backends.postgres import Postgres

ORDER = "insert into purchase (id, buyer, item, quantity) values ('p1', 'Ada', 'lamp', 1)"
EVENT = "insert into outbox (purchase_id, version, kind, payload) values ('p1', 1, 'OrderPlaced', '{}') returning id"


def test_the_shops_tables_belong_to_the_keeper(database: str) -> None:
    with psycopg.connect(database) as connection:
        owners = connection.execute("select distinct tableowner from pg_tables where schemaname = 'public'").fetchall()
    assert owners == [("keeper",)]


def test_reset_empties_every_table_and_restarts_every_sequence(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        statement = reset_statement(connection)
        for _ in range(2):
            connection.execute(ORDER)
            assert connection.execute(EVENT).fetchone() == (1,)
            reset(connection, statement)
        assert connection.execute("select count(*) from purchase").fetchone() == (0,)
        assert connection.execute("show session_replication_role").fetchone() == ("origin",)


def test_reset_without_a_statement_sees_tables_made_since(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute('create table "My Table" (id serial)')
        connection.execute('insert into "My Table" default values')
        reset(connection)
        assert connection.execute('insert into "My Table" default values returning id').fetchone() == (1,)


def test_a_copy_holds_what_its_template_holds(postgres: Postgres, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(ORDER)
    template = database.rpartition("/")[2].partition("?")[0]
    copy = create_database(postgres.address, f"{template}_copy", template=template)
    with psycopg.connect(copy) as connection:
        assert connection.execute("select buyer from purchase").fetchone() == ("Ada",)
    drop_database(postgres.address, f"{template}_copy")


def test_a_template_in_use_is_refused_in_words(postgres: Postgres, database: str) -> None:
    name = database.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(database), pytest.raises(BackendError, match="cannot be copied while somebody is connected"):
        create_database(postgres.address, "never", template=name)


def test_a_name_that_exists_is_refused_in_words(postgres: Postgres) -> None:
    with pytest.raises(BackendError, match="A database 'shop' exists already"):
        create_database(postgres.address, "shop")


def test_drop_cuts_those_still_connected_and_forgives_a_missing_one(postgres: Postgres) -> None:
    address = create_database(postgres.address, "short_lived")
    with psycopg.connect(address) as connection:
        drop_database(postgres.address, "short_lived")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    drop_database(postgres.address, "short_lived")


def prepare(address: str, gid: str) -> None:
    """Leave a transaction behind that waits for its second phase, with a row locked."""
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in ("begin", ORDER, f"prepare transaction $${gid}$$"):
            connection.execute(statement)


def test_reset_rolls_back_what_was_prepared_here_and_nothing_of_anybody_else(postgres: Postgres, database: str) -> None:
    other = create_database(postgres.address, "neighbour")
    prepare(database, "it''s odd"), prepare(other, "the neighbours")
    with psycopg.connect(database, autocommit=True) as connection:
        reset(connection)
        connection.execute(ORDER)
        left = connection.execute("select database from pg_prepared_xacts").fetchall()
    drop_database(postgres.address, "neighbour")
    assert left == [("neighbour",)]


def test_a_prepared_transaction_keeps_no_database_from_being_dropped(postgres: Postgres) -> None:
    prepare(create_database(postgres.address, "half_done"), "half")
    drop_database(postgres.address, "half_done")
    with psycopg.connect(postgres.address) as connection:
        assert connection.execute("select from pg_prepared_xacts where database = 'half_done'").fetchone() is None


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    with pytest.raises(BackendError, match=f"Postgres does not answer at 127.0.0.1:{server.port}"):
        prepare_shop(server.address)


def test_a_new_schema_keeps_the_old_database(tmp_path: Path) -> None:
    changed = tmp_path / "schema.sql"
    changed.write_text(SCHEMA.read_text() + "\ncreate table lamp (id text);\n")
    with Postgres(tmp_path / "data") as server:
        prepare_shop(server.address)
        with psycopg.connect(server.shop_address()) as connection:
            connection.execute(ORDER)
        prepare_shop(server.address)
        with psycopg.connect(server.shop_address(), autocommit=True) as connection:
            for statement in ("begin", "delete from purchase where id = 'none'", "prepare transaction 'half'"):
                connection.execute(statement)
        prepare_shop(server.address, changed)
        prepare_shop(server.address, changed)
        with psycopg.connect(server.shop_address()) as connection:
            assert connection.execute("select count(*) from lamp").fetchone() == (0,)
        with psycopg.connect(in_database(server.address, "shop_before")) as connection:
            assert connection.execute("select buyer from purchase").fetchone() == ("Ada",)
