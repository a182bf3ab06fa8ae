"""A Postgres session whose client left in order serves the next one, which finds nothing of the first."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from autograder.backends.databases import learner_address
from autograder.tap import Tap
from tests.contract.tap_room import Room

PURCHASE = "insert into purchase (id, buyer, item, quantity) values ('p-1', 'Ada', 'lamp', 2)"


@pytest.fixture
def room() -> Iterator[Room]:
    with Tap() as tap:
        tap.keep_sessions(True)
        yield Room(tap)


@pytest.fixture
def dsn(room: Room, database: str) -> str:
    parts = urlsplit(learner_address(database))
    door = room.tap.door("order-1", "postgres", (parts.hostname, parts.port), user=parts.username)
    return urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{door.port}"))


def visit(room: Room, dsn: str, *statements: str, bye: Callable[[Any], None] = lambda one: one.close(), **more: Any) -> Any:
    """One client's session from hello to good-bye: its server process, and the first value of each statement."""

    def client() -> tuple[int, list[Any]]:
        connection = psycopg.connect(dsn, **{"autocommit": True, **more})
        process = connection.info.backend_pid
        answers = [connection.execute(statement) for statement in statements]
        values = [answer.fetchone()[0] if answer.description else None for answer in answers]
        bye(connection)
        return process, values

    told = room.play(client)
    room.until(lambda: not room.tap.links)
    return told


def test_the_next_client_gets_the_session_of_the_last_one(room: Room, dsn: str) -> None:
    assert visit(room, dsn)[0] == visit(room, dsn)[0]


@pytest.mark.parametrize(
    ("leaves", "asks", "finds"),
    [
        ("set lock_timeout = '7s'", "show lock_timeout", "0"),
        ("create temporary table note (id int)", "select to_regclass('note')", None),
        ("select pg_advisory_lock(7)", "select count(*) from pg_locks where locktype = 'advisory'", 0),
        ("prepare one as select 1", "select count(*) from pg_prepared_statements", 0),
        ("listen lamp", "select count(*) from pg_listening_channels()", 0),
    ],
)
def test_it_finds_nothing_of_it(room: Room, dsn: str, leaves: str, asks: str, finds: object) -> None:
    first, _ = visit(room, dsn, leaves)
    second, found = visit(room, dsn, asks)
    assert (first, [finds]) == (second, found)


def test_what_was_not_committed_is_rolled_back_when_the_client_has_left(room: Room, dsn: str, database: str) -> None:
    visit(room, dsn, PURCHASE, autocommit=False)
    with psycopg.connect(database) as judge:
        assert judge.execute("select count(*) from purchase").fetchone() == (0,)
    assert visit(room, dsn, "select count(*) from purchase")[1] == [0]


def test_whoever_opens_with_other_words_gets_another_session(room: Room, dsn: str) -> None:
    assert visit(room, dsn)[0] != visit(room, dsn, application_name="other")[0]


def test_two_at_once_get_two(room: Room, dsn: str) -> None:
    first, _ = visit(room, dsn)

    def client() -> set[int]:
        with psycopg.connect(dsn) as one, psycopg.connect(dsn) as other:
            return {one.info.backend_pid, other.info.backend_pid}

    processes = room.play(client)
    assert len(processes) == 2 and first in processes


def test_a_session_whose_client_fell_silent_is_not_kept(room: Room, dsn: str) -> None:
    def hang_up(connection: Any) -> None:
        with socket.socket(fileno=os.dup(connection.fileno())) as sock:
            sock.shutdown(socket.SHUT_RDWR)
        connection.close()

    first, _ = visit(room, dsn, bye=hang_up)
    assert visit(room, dsn)[0] != first


def test_nothing_is_kept_where_nothing_may_be_kept(room: Room, dsn: str, database: str) -> None:
    first, _ = visit(room, dsn)
    room.tap.keep_sessions(False)
    with psycopg.connect(database) as judge:
        assert judge.execute("select count(*) from pg_stat_activity where pid = %s", [first]).fetchone() == (0,)
    assert visit(room, dsn)[0] != first


def test_a_session_that_the_server_ended_meanwhile_serves_nobody(room: Room, dsn: str, database: str) -> None:
    first, _ = visit(room, dsn)
    with psycopg.connect(database, autocommit=True) as judge:
        judge.execute("select pg_terminate_backend(%s, 5000)", [first])
    room.tap.poll(0.1)
    assert visit(room, dsn, "select 1")[1] == [1]
