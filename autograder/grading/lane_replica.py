"""A lane's replica: two Postgres servers of its own, and a hand that decides how far behind the second one is.

Nothing here waits for a time: the follower's replay is paused and resumed, the cable to it is cut and mended, and whoever
needs it somewhere waits until it says that it has come there.
"""

from __future__ import annotations

import time
from contextlib import ExitStack

import psycopg

from autograder.backends import BackendError
from autograder.backends.databases import in_database
from autograder.backends.standby import Halls, two_halls

__all__ = ["LaneReplica", "begin_replica"]

WITHIN_S = 20.0
LOOK_S = 0.002
HAS_REPLAYED = "select coalesce(pg_last_wal_replay_lsn() >= %s::pg_lsn, false)"
HAS_RECEIVED = "select coalesce(pg_last_wal_receive_lsn() >= %s::pg_lsn, false)"
IS_PAUSED = "select pg_get_wal_replay_pause_state() = 'paused'"


class LaneReplica:
    """The follower of one lane's Postgres, as :class:`autograder.explore.lane.Replica` wants it."""

    def __init__(self, halls: Halls) -> None:
        self._halls = halls
        self._primary = psycopg.connect(halls.riga, autocommit=True)
        self._follower = psycopg.connect(halls.oslo, autocommit=True)

    def address(self, database: str) -> str:
        """The superuser's address of this database there."""
        return in_database(self._halls.oslo, database)

    def hold(self) -> None:
        """From now on it shows nothing new, whatever it gets."""
        self._follower.execute("select pg_wal_replay_pause()")
        self._until(IS_PAUSED, "to pause")

    def receive(self) -> None:
        """It gets all that is committed by now, and need not show it."""
        self._until(HAS_RECEIVED, "to receive", self._end())

    def cut(self) -> None:
        """From now on it gets nothing."""
        self._halls.cable.cut()

    def go_on(self) -> None:
        """It shows all that it has got."""
        (got,) = self._follower.execute("select pg_last_wal_receive_lsn()::text").fetchone() or ("0/0",)
        self._follower.execute("select pg_wal_replay_resume()")
        self._until(HAS_REPLAYED, "to replay", got)

    def catch_up(self) -> None:
        """It gets and shows all that is committed by now."""
        self._halls.cable.mend()
        self._follower.execute("select pg_wal_replay_resume()")
        self._until(HAS_REPLAYED, "to catch up", self._end())

    def _end(self) -> str:
        return str(self._primary.execute("select pg_current_wal_lsn()::text").fetchone()[0])  # type: ignore[index]

    def _until(self, question: str, what: str, *parameters: str) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not self._follower.execute(question, parameters).fetchone()[0]:  # type: ignore[index]
            if time.monotonic() > deadline:
                raise BackendError(f"The replica needed more than {WITHIN_S:g} s {what}; check again.")
            time.sleep(LOOK_S)

    def close(self) -> None:
        """Let go of both servers."""
        self._primary.close()
        self._follower.close()


def begin_replica(cleanup: ExitStack) -> tuple[str, LaneReplica]:
    """Start both servers; the superuser's address of the one that takes writes, and the hand on the other."""
    halls = cleanup.enter_context(two_halls(settings={}))
    replica = LaneReplica(halls)
    cleanup.callback(replica.close)
    return halls.riga, replica
