"""psycopg behind the tap, against a real Postgres: everything works, and everything is seen."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from autograder.backends.databases import learner_address
from autograder.tap import Tap
from tests.contract.tap_room import Room


@pytest.fixture
def room() -> Iterator[Room]:
    with Tap() as tap:
        yield Room(tap)


@pytest.fixture
def address(database: str) -> str:
    """The database of this test, as the learner's role sees it, without a tap."""
    return learner_address(database)


def through(room: Room, address: str, process: str = "order-1") -> str:
    """The same address by a door of this process."""
    parts = urlsplit(address)
    door = room.tap.door(process, "postgres", (parts.hostname, parts.port), user=parts.username)
    return urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{door.port}"))


@pytest.fixture
def dsn(room: Room, address: str) -> str:
    return through(room, address)


PURCHASE = "insert into purchase (id, buyer, item, quantity) values (%s, %s, %s, %s)"
OUTBOX = "insert into outbox (purchase_id, version, kind, payload) values (%s, 1, 'OrderPlaced', '{}')"


def test_a_transaction_is_its_statements(room: Room, dsn: str) -> None:
    def client() -> None:
        with psycopg.connect(dsn) as connection, connection.transaction():
            connection.execute(PURCHASE, ("p-1", "Ada", "lamp", 2))
            connection.execute(OUTBOX, ("p-1",))

    room.play(client)
    assert room.texts() == [
        "BEGIN -> BEGIN",
        "insert into purchase (id, buyer, item, quantity) values ('p-1', 'Ada', 'lamp', 2) -> INSERT 0 1",
        "insert into outbox (purchase_id, version, kind, payload) values ('p-1', 1, 'OrderPlaced', '{}') -> INSERT 0 1",
        "COMMIT -> COMMIT",
    ]
    assert [request.transaction for request in room.answers] == ["open", "open", "open", "idle"]
    assert [request.effect for request in room.answers] == [False, True, True, True]


def test_values_of_many_types_read_well(room: Room, dsn: str) -> None:
    one = uuid.UUID("12345678-1234-5678-1234-567812345678")
    values = (1, 2**40, -1.5, Decimal("12.50"), True, None, "it's", one, date(2026, 1, 2), b"\x00\x01")
    sql = "select %b, %b, %b, %b, %b, %b, %b, %b, %b, %b"
    as_text = "select %s, %s, %s, %s, %s, %s::int, %b, %b, %b, %b"

    def client() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql, values)
            connection.cursor(binary=True).execute(as_text, values)

    room.play(client)
    numbers = "1, 1099511627776, -1.5, 12.50, true, null"
    expected = f"{numbers}, 'it''s', '{one}', '2026-01-02', <2 bytes>"
    assert room.requests[0].text == f"select {expected}"
    assert room.answers[1].answer == f"({expected})"


def test_an_error_has_its_sqlstate(room: Room, dsn: str) -> None:
    def client() -> None:
        with psycopg.connect(dsn) as connection:
            connection.execute(PURCHASE, ("p-1", "Ada", "lamp", 0))

    with pytest.raises(psycopg.errors.CheckViolation):
        room.play(client)
    failed = room.answers[1]
    assert (failed.error, failed.transaction) == ("23514", "failed")
    assert failed.answer.startswith("23514 new row for relation")


def test_async_connections_are_connections(room: Room, dsn: str) -> None:
    async def client() -> tuple:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            return await (await connection.execute("select count(*) from purchase")).fetchone()

    assert room.play(lambda: asyncio.run(client())) == (0,)
    assert room.texts() == ["select count(*) from purchase -> (0)"]


def test_statements_that_are_prepared_automatically_stay_one_request_each(room: Room, dsn: str) -> None:
    def client() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for number in range(8):
                connection.execute("select %s::int + count(*) from purchase", (number,)).fetchone()

    room.play(client)
    assert room.labels() == ["select purchase"] * 8
    assert [request.answer for request in room.answers] == [f"({number})" for number in range(8)]


def test_holding_a_parse_keeps_its_snapshot_for_later(room: Room, dsn: str, address: str) -> None:
    """Under REPEATABLE READ a Parse takes the snapshot; released only with its Execute, it sees what came before."""
    held = []

    def client() -> list[int]:
        counts = []
        with psycopg.connect(dsn) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            for _ in range(7):
                counts.append(connection.execute("select count(*) from purchase").fetchone()[0])
                connection.commit()
        return counts

    def gate(request):
        room.requests.append(request)
        if request.label == "select purchase" and request.preparing:
            held.append(request)
            return "hold"
        return "forward"

    room.tap.on_request = gate
    told = room.start(client)
    room.until(lambda: held)
    with psycopg.connect(address, autocommit=True) as other:
        other.execute(PURCHASE, ("p-1", "Ada", "lamp", 1))
    held[0].release()
    room.until(lambda: told)
    assert told == [("returned", [0, 0, 0, 0, 0, 1, 1])]


def test_executemany_is_one_request_per_row(room: Room, dsn: str) -> None:
    rows = [(f"p-{number}", "Ada", "lamp", 1) for number in range(4)]

    def client() -> None:
        with psycopg.connect(dsn) as connection:
            connection.cursor().executemany(PURCHASE, rows)

    room.play(client)
    assert room.labels() == ["BEGIN", *["insert purchase"] * 4, "COMMIT"]
    assert all(f"values ('p-{n}', 'Ada', 'lamp', 1)" in room.requests[n + 1].text for n in range(4))


def test_executemany_with_returning_keeps_every_row(room: Room, dsn: str) -> None:
    def client() -> list:
        with psycopg.connect(dsn) as connection:
            cursor = connection.cursor()
            rows = [("p-1", "Ada", "lamp", 1), ("p-2", "Bao", "mug", 1)]
            cursor.executemany(PURCHASE + " returning id", rows, returning=True)
            found = [cursor.fetchone()[0]]
            while cursor.nextset():
                found.append(cursor.fetchone()[0])
            return found

    assert room.play(client) == ["p-1", "p-2"]
    assert [request.answer for request in room.answers[1:3]] == ["INSERT 0 1: ('p-1')", "INSERT 0 1: ('p-2')"]


def test_a_pipeline_with_several_syncs_and_a_fetch_in_between(room: Room, dsn: str) -> None:
    def client() -> tuple:
        with psycopg.connect(dsn, autocommit=True) as connection, connection.pipeline() as pipeline:
            connection.execute(PURCHASE, ("p-1", "Ada", "lamp", 1))
            count = connection.execute("select count(*) from purchase").fetchone()
            connection.execute(PURCHASE, ("p-2", "Ada", "lamp", 1))
            pipeline.sync()
            connection.execute(OUTBOX, ("p-1",))
            pipeline.sync()
            connection.execute("select 1")
        return count

    assert room.play(client) == (1,)
    assert room.labels() == ["insert purchase", "select purchase", "insert purchase", "insert outbox", "select"]
    assert all(request.answered for request in room.requests)


def test_an_error_in_a_pipeline_undoes_it_up_to_the_sync(room: Room, dsn: str) -> None:
    def client() -> tuple:
        with psycopg.connect(dsn, autocommit=True) as connection:
            with pytest.raises(psycopg.errors.UniqueViolation), connection.pipeline() as pipeline:
                connection.execute(PURCHASE, ("p-1", "Ada", "lamp", 1))
                connection.execute(PURCHASE, ("p-1", "Ada", "lamp", 1))
                connection.execute(OUTBOX, ("p-1",))
                pipeline.sync()
            return connection.execute("select count(*) from purchase").fetchone()

    assert room.play(client) == (0,)
    assert room.labels() == ["insert purchase", "insert purchase", "select purchase"]
    assert [request.error for request in room.answers] == [None, "23505", None]


def test_copy_in_both_directions(room: Room, dsn: str) -> None:
    def client() -> int:
        with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
            with cursor.copy("copy purchase (id, buyer, item, quantity) from stdin") as copy:
                for number in range(5000):
                    copy.write_row((f"p-{number}", "Ada", "lamp", 1))
            with cursor.copy("copy (select * from purchase where quantity = %s) to stdout", (1,)) as copy:
                return sum(1 for _ in copy.rows())

    assert room.play(client) == 5000
    assert [request.answer for request in room.answers] == ["BEGIN", "COPY 5000", "COPY 5000", "COMMIT"]
    assert room.labels()[1:3] == ["copy purchase", "copy purchase"]
    assert [request.effect for request in room.answers] == [False, True, False, True]


def test_a_copy_that_fails_leaves_a_session_that_works(room: Room, dsn: str) -> None:
    def client() -> tuple:
        with psycopg.connect(dsn, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in ("copy purchase (id, buyer, item, quantity) from stdin", "copy nowhere from stdin"):
                with pytest.raises(psycopg.Error), cursor.copy(statement) as copy:
                    for number in range(5000):
                        copy.write_row((f"p-{number}", "Ada", "lamp", "many"))
            return connection.execute("select count(*) from purchase").fetchone()

    assert room.play(client) == (0,)
    assert [request.error for request in room.answers] == ["22P02", "42P01", None]


def test_a_pool_has_many_links(room: Room, dsn: str) -> None:
    pool_module = pytest.importorskip("psycopg_pool", reason="the pool is an extra package")

    def client() -> None:
        with pool_module.ConnectionPool(dsn, min_size=3, max_size=3, open=True) as pool:
            pool.wait()
            connections = [pool.getconn() for _ in range(3)]
            for connection in connections:
                connection.execute("select 1")
                pool.putconn(connection)

    opened = []
    room.tap.on_open = opened.append
    room.play(client)
    assert len(opened) == 3 and room.labels().count("select") == 3


SLEEPS = "select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"


def test_cancelling_reaches_the_session(room: Room, dsn: str, database: str) -> None:
    behind = room.play(lambda: psycopg.connect(dsn, autocommit=True))
    with psycopg.connect(database, autocommit=True) as judge, behind as connection:
        told = room.start(lambda: connection.execute("select pg_sleep(60)"))
        # A session that is cancelled before its statement has begun does not notice.
        room.until(lambda: judge.execute(SLEEPS).fetchone() is not None)
        room.play(connection.cancel_safe)
        room.until(lambda: told)
    assert isinstance(told[0][1], psycopg.errors.QueryCanceled)
    assert room.answers[0].error == "57014"


def test_large_results_stream(room: Room, dsn: str) -> None:
    def client() -> int:
        with psycopg.connect(dsn, autocommit=True) as connection:
            rows = connection.execute("select repeat('x', 1000) from generate_series(1, 30000)")
            return sum(len(row[0]) for row in rows)

    assert room.play(client) == 30_000_000
    assert room.answers[0].rows == 30_000 and len(room.answers[0].answer) <= 300


def test_a_stranger_is_refused_with_a_sentence(room: Room, dsn: str) -> None:
    user = urlsplit(dsn).username
    with pytest.raises(psycopg.OperationalError, match=f'connect as "{user}", not as "postgres"'):
        room.play(lambda: psycopg.connect(dsn.replace(f"{user}@", "postgres@")))


# ---- faults


def test_when_links_are_closed_the_rollback_has_happened(room: Room, dsn: str, address: str) -> None:
    connections = []

    def client() -> None:
        connection = psycopg.connect(dsn)
        connections.append(connection)
        connection.execute(PURCHASE, ("p-1", "Ada", "lamp", 1))

    with psycopg.connect(address, autocommit=True) as other:
        for _ in range(20):
            room.play(client)
            room.tap.close_links("order-1")
            other.execute("set lock_timeout = '1ms'")
            assert other.execute(PURCHASE + " on conflict do nothing", ("p-1", "Ada", "lamp", 1)).rowcount == 1
            other.execute("delete from purchase")
    for connection in connections:
        connection.close()


def test_a_commit_that_is_cut_after_its_effect_is_ambiguous(room: Room, dsn: str, address: str) -> None:
    room.tap.on_answer = lambda request: "drop" if request.label == "COMMIT" else "forward"

    def client() -> None:
        with psycopg.connect(dsn) as connection:
            connection.execute(PURCHASE, ("p-1", "Ada", "lamp", 1))

    with pytest.raises(psycopg.OperationalError):
        room.play(client)
    with psycopg.connect(address) as other:
        assert other.execute("select count(*) from purchase").fetchone() == (1,)


def test_a_commit_that_is_cut_before_its_effect_is_rolled_back(room: Room, dsn: str, address: str) -> None:
    room.tap.on_request = lambda request: "drop" if request.label == "COMMIT" else "forward"

    def client() -> None:
        with psycopg.connect(dsn) as connection:
            connection.execute(PURCHASE, ("p-1", "Ada", "lamp", 1))

    with pytest.raises(psycopg.OperationalError):
        room.play(client)
    with psycopg.connect(address) as other:
        assert other.execute("select count(*) from purchase").fetchone() == (0,)


def test_a_session_that_waits_for_a_lock_can_be_closed(room: Room, dsn: str, address: str) -> None:
    """Postgres would not notice that its client is gone before the lock is free."""
    lost = []
    room.tap.on_lost = lambda request: lost.append(request.label)
    with psycopg.connect(address) as other:
        other.execute("lock table purchase in exclusive mode")
        connection = room.play(lambda: psycopg.connect(dsn))
        told = room.start(lambda: connection.execute(PURCHASE, ("p-1", "Ada", "lamp", 1)))
        room.until(lambda: "insert purchase" in room.labels())
        room.tap.close_links("order-1")
        waiting = "select count(*) from pg_locks where not granted"
        assert other.execute(waiting).fetchone() == (0,)
    room.until(lambda: told)
    connection.close()
    assert lost == ["insert purchase"] and isinstance(told[0][1], psycopg.OperationalError)


def test_who_waits_for_whom_can_be_asked(room: Room, dsn: str, address: str) -> None:
    """The session's process id is known, so Postgres itself can say who blocks it."""
    second = through(room, address, "order-2")
    statement = "select 1 from purchase where id = 'p-1' for update"
    with psycopg.connect(address, autocommit=True) as judge:
        judge.execute(PURCHASE, ("p-1", "Ada", "lamp", 1))
        first = room.play(lambda: psycopg.connect(dsn))
        room.play(lambda: first.execute(statement))
        other = room.play(lambda: psycopg.connect(second))
        told = room.start(lambda: other.execute(statement))
        room.until(lambda: room.labels().count("select purchase") == 2)
        holder, waiter = (request.backend_pid for request in room.requests if request.label == "select purchase")
        room.until(lambda: judge.execute("select pg_blocking_pids(%s)", (waiter,)).fetchone() == ([holder],))
        room.play(first.rollback)
        room.until(lambda: told)
    first.close()
    other.close()


def test_two_processes_have_doors_of_their_own(room: Room, dsn: str, address: str) -> None:
    second = through(room, address, "order-2")
    assert second != dsn
    for where in (dsn, second):
        room.play(lambda where=where: psycopg.connect(where, autocommit=True).execute("select 1").connection.close())
    assert [request.process for request in room.requests] == ["order-1", "order-2"]
