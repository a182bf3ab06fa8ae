"""A lane's replica is as far behind as the story says, and no further."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from autograder.backends.databases import in_database
from autograder.grading.lane_replica import LaneReplica, begin_replica


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[psycopg.Connection, psycopg.Connection, LaneReplica]]:
    with ExitStack() as cleanup:
        address, replica = begin_replica(cleanup)
        primary = cleanup.enter_context(psycopg.connect(address, autocommit=True))
        primary.execute("create table stock (units integer)")
        primary.execute("insert into stock values (0)")
        replica.catch_up()
        follower = cleanup.enter_context(psycopg.connect(in_database(replica.address("postgres"), "postgres"), autocommit=True))
        yield primary, follower, replica


def units(session: psycopg.Connection) -> int:
    return session.execute("select units from stock").fetchone()[0]


def test_a_replica_that_is_held_shows_nothing_new_until_it_catches_up(servers):
    primary, follower, replica = servers
    replica.hold()
    primary.execute("update stock set units = 1")
    replica.receive()
    assert (units(primary), units(follower)) == (1, 0)
    replica.catch_up()
    assert units(follower) == 1


def test_a_replica_that_is_cut_off_shows_what_it_got_before(servers):
    primary, follower, replica = servers
    replica.hold()
    primary.execute("update stock set units = 2")
    replica.receive()
    replica.cut()
    primary.execute("update stock set units = 3")
    replica.go_on()
    assert (units(primary), units(follower)) == (3, 2)
    replica.catch_up()
    assert units(follower) == 3


def test_the_primary_waits_for_nobody(servers):
    primary, follower, replica = servers
    replica.cut()
    primary.execute("update stock set units = 4")
    assert units(primary) == 4
    replica.catch_up()
    assert units(follower) == 4


def test_a_replica_takes_no_writes(servers):
    _, follower, _ = servers
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        follower.execute("update stock set units = 5")
