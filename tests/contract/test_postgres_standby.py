"""Two Postgres servers and a cable: what a follower shows while the cable is whole, and while it is cut."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting

import psycopg
import pytest

from autograder.backends.cable import Cable
from autograder.backends.standby import Halls, two_halls

UNITS = "select units from stock where item = 'lamp'"


@pytest.fixture(scope="module")
def halls() -> Iterator[Halls]:
    with two_halls() as halls, psycopg.connect(halls.riga, autocommit=True) as riga:
        riga.execute("set synchronous_commit = remote_apply")
        riga.execute("create table stock (item text primary key, units integer check (units >= 0))")
        riga.execute("insert into stock values ('lamp', 0)")
        yield halls


@pytest.fixture
def sessions(halls: Halls) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    halls.cable.mend()
    with psycopg.connect(halls.riga, autocommit=True) as riga, psycopg.connect(halls.oslo, autocommit=True) as oslo:
        riga.execute("set synchronous_commit = remote_apply")
        riga.execute("update stock set units = 0")
        yield riga, oslo
        halls.cable.mend()


def units(session: psycopg.Connection) -> int:
    return session.execute(UNITS).fetchone()[0]


def test_a_commit_that_waited_for_the_follower_is_read_there(sessions):
    riga, oslo = sessions
    for number in range(1, 20):
        riga.execute("update stock set units = %s", (number,))
        assert units(oslo) == number


def test_the_follower_takes_no_writes(sessions):
    _, oslo = sessions
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        oslo.execute("update stock set units = 9")


def test_while_the_cable_is_cut_a_commit_that_waits_for_nobody_is_not_read_there(halls, sessions):
    riga, oslo = sessions
    halls.cable.cut()
    riga.execute("set synchronous_commit = local")
    riga.execute("update stock set units = 7")
    assert (units(riga), units(oslo)) == (7, 0)


def test_while_the_cable_is_cut_a_commit_that_waits_is_not_answered_and_when_it_is_mended_it_is(halls, sessions):
    riga, oslo = sessions
    halls.cable.cut()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(riga.execute, "update stock set units = 8")
        with pytest.raises(StillWaiting):
            waiting.result(timeout=0.3)
        halls.cable.mend()
        waiting.result(timeout=30)
    assert (units(riga), units(oslo)) == (8, 8)


def test_a_cable_is_silent_while_it_is_cut_and_loses_nothing():
    with socket.create_server(("127.0.0.1", 0)) as far, Cable(far.getsockname()[1]) as cable:
        with socket.create_connection(("127.0.0.1", cable.port)) as near, far.accept()[0] as end:
            cable.cut()
            near.sendall(b"lamp")
            end.settimeout(0.2)
            with pytest.raises(TimeoutError):
                end.recv(4)
            cable.mend()
            end.settimeout(10)
            assert end.recv(4) == b"lamp"
