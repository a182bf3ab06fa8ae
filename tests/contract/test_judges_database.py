"""What learner code can do in a judge's database: read and write rows, and nothing that the judge would run."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from autograder.backends.databases import (
    create_database, drop_database, drop_ownerless, in_database, judges_database, learner_address, prepare_shop,
)  # fmt: skip
from autograder.backends.postgres import Postgres
from autograder.backends.processes import badge, identify
from autograder.explore.lane import Lane

ORDER = "insert into purchase (id, buyer, item, quantity) values ('p1', 'Ada', 'lamp', 1)"
EVENT = "insert into outbox (purchase_id, version, kind, payload) values ('p1', 1, 'OrderPlaced', '{}') returning id"


@pytest.fixture
def lane(database: str) -> Iterator[Lane]:
    """A judge's lane on this database, without Kafka and subjects."""
    lane = Lane(database_url=database, shop_url=learner_address(database), topics=None, subjects=None)
    yield lane
    lane.close()


def learner(database: str) -> psycopg.Connection:
    return psycopg.connect(learner_address(database), autocommit=True)


def role_of(database: str) -> str:
    return urlsplit(database).path.strip("/")


def test_rows_can_be_read_written_and_locked(database: str) -> None:
    with learner(database) as connection:
        connection.execute(ORDER)
        assert connection.execute(EVENT).fetchone() == (1,)
        connection.execute("select nextval(pg_get_serial_sequence('outbox', 'id'))")
        connection.execute("create temporary table basket (item text)")
        with connection.transaction():
            connection.execute("lock table outbox in access exclusive mode")
            connection.execute("select from outbox for update skip locked")
            connection.execute("update outbox set published_at = clock_timestamp()")
        connection.execute("select pg_advisory_lock(1)")
        connection.execute("delete from outbox")


FORBIDDEN = {
    "renaming a table": "alter table shipment rename to shipment_t",
    "a view in place of a table": "create view public.shipment_v as select 1",
    "a rule": "create rule r as on insert to outbox do instead nothing",
    "a trigger": "create trigger t before update on outbox for each row"
    " execute function suppress_redundant_updates_trigger()",
    "a function": "create function f() returns int language sql as 'select 1'",
    "a function instead of a table's": "create function purchase(int) returns int language sql as 'select 1'",
    "a schema": "create schema mine",
    "a table that stays": "create table kept (i int)",
    "a child of a table": "create temporary table child () inherits (shipment)",
    "dropping a table": "drop table outbox cascade",
    "a constraint dropped": "alter table outbox drop constraint outbox_purchase_id_version_key",
    "an index": "create unique index u on shipment (purchase_id)",
    "a type": "create type t as (i int)",
    "a large object": "select lo_create(0)",
    "becoming the keeper": "set role keeper",
    "becoming postgres": "set role postgres",
    "a program": "copy (select 1) to program 'id'",
    "triggers off": "set session_replication_role = replica",
    "a setting of the database": "do $$ begin"
    " execute format('alter database %I set work_mem = 64', current_database()); end $$",
}


@pytest.mark.parametrize("attempt", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_nothing_can_be_made_or_changed_but_rows(database: str, attempt: str) -> None:
    with learner(database) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(attempt)


def test_no_other_database_lets_it_in(postgres: Postgres, database: str) -> None:
    other = f"{role_of(database)}_b"
    create_database(postgres.address, other)
    try:
        for name in (other, "shop", "postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match="no password supplied"):
                psycopg.connect(in_database(learner_address(database), name))
    finally:
        drop_database(postgres.address, other)


def test_public_may_enter_no_database(postgres: Postgres, database: str) -> None:
    with psycopg.connect(database) as connection:
        for role in (role_of(database), "shop"):
            query = "select datname from pg_database where datallowconn and has_database_privilege(%s, oid, 'connect')"
            assert connection.execute(query, [role]).fetchall() == [(role,)]


def test_the_shops_role_may_not_enter_a_judges_database(postgres: Postgres, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(in_database(postgres.shop_address(), role_of(database)))


def test_it_cannot_use_up_all_connections(database: str) -> None:
    held = []
    with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
        while True:
            held.append(learner(database))
    assert len(held) == 40
    psycopg.connect(database).close()
    for connection in held:
        connection.close()


def test_what_it_sets_for_itself_ends_with_the_run(database: str, lane: Lane) -> None:
    with learner(database) as connection:
        connection.execute("alter role current_user set default_transaction_read_only = on")
    with lane.session() as service:
        service.execute(ORDER)
    lane.reset()
    with learner(database) as connection:
        connection.execute(ORDER)


def test_the_role_goes_with_its_database_whatever_was_done(postgres: Postgres) -> None:
    name = f"odd_{secrets.token_hex(4)}"
    address = create_database(postgres.address, name)
    with learner(address) as connection:
        connection.execute("alter role current_user set work_mem = '4MB'")
        connection.execute("create temporary table t (i int)")
        connection.execute("alter default privileges grant select on tables to public")
        connection.execute("drop owned by current_user")
        connection.execute("drop owned by guest")
        drop_database(postgres.address, name)
    create_database(postgres.address, name)
    with learner(address) as connection:
        connection.execute(ORDER)
    drop_database(postgres.address, name)
    with psycopg.connect(postgres.address) as connection:
        assert connection.execute("select from pg_roles where rolname = %s", [name]).fetchone() is None


def test_a_copy_is_open_to_its_own_role_only(postgres: Postgres, database: str) -> None:
    copy = create_database(postgres.address, f"{role_of(database)}_copy", template=role_of(database))
    with learner(copy) as connection:
        connection.execute(ORDER)
    drop_database(postgres.address, role_of(database))
    drop_database(postgres.address, role_of(copy))


def test_the_judge_reads_what_python_cannot_hold(database: str, lane: Lane) -> None:
    deep = "[" * 3000 + "]" * 3000
    with learner(database) as connection:
        connection.execute(ORDER)
        connection.execute(EVENT)
        connection.execute("update outbox set published_at = 'infinity', payload = %s", [deep])
    (row,) = lane.rows("outbox")
    assert (row["published_at"], row["payload"]) == ("infinity", deep)


def test_the_judge_looks_for_names_where_no_learner_can_make_any(lane: Lane) -> None:
    assert lane.database.execute("show search_path").fetchone() == ("pg_catalog, public",)


def test_data_of_before_lets_in_whom_the_course_of_now_lets_in(tmp_path: Path) -> None:
    with Postgres(tmp_path) as server:
        prepare_shop(server.address)
        path = server.data / "pg_hba.conf"
    path.write_text("host all shop 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    with Postgres(tmp_path) as server:
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute("grant connect on database postgres to public")
        prepare_shop(server.address)
        with learner(create_database(server.address, "judge_1_1")) as connection:
            connection.execute(ORDER)
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(server.shop_address("postgres"))


def test_what_a_killed_judge_left_is_removed_by_the_next_and_a_living_judges_stays(postgres_address: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as killed:
        gone = f"judge_{badge(identify(killed.pid))}_1"
        killed.kill()
    for name in (gone, judges_database(77)):
        create_database(postgres_address, name)
    drop_ownerless(postgres_address)
    try:
        with psycopg.connect(postgres_address) as connection:
            found = connection.execute("select datname from pg_database where datname = any(%s)", [[gone, judges_database(77)]])
            assert found.fetchall() == [(judges_database(77),)]
            assert not connection.execute("select from pg_roles where rolname = %s", [gone]).fetchone()
    finally:
        drop_database(postgres_address, judges_database(77))
