"""Lane: one set of backends, one tap and one source of subjects, on which runs are played one after the other.

Lanes share nothing but the Postgres server, in which each has a database of its own (a Redis is each lane's own); so several lanes can explore side
by side without seeing each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader

from autograder.backends import Sandbox
from autograder.backends.databases import JUDGES_PATH, KEEPER, reset, reset_statement
from autograder.backends.kafka.direct import Sent
from autograder.explore.seeds import Seeds
from autograder.explore.stored import Redis
from autograder.explore.subject import Running, Subjects
from autograder.invariants import Message, Progress
from autograder.tap import BackendStuck, Tap, leave_group

__all__ = ["Gateway", "Lane", "Parcels", "Replica", "Topics"]


AS_TEXT = ("timestamptz", "timestamp", "date", "timetz", "time", "interval")
"""Types with values that Python has not (``infinity``, the year 10000, the hour 24)."""
LOCK_WAITS = """
select pid, pg_blocking_pids(pid), coalesce((
    select extract(epoch from clock_timestamp() - min(waitstart))
    from pg_locks
    where pg_locks.pid = asked.pid and not granted), 0)
from unnest(%s::int[]) as asked(pid)
"""


class Topics(Protocol):
    """The lane's Kafka, as the judge needs it."""

    bootstrap: str

    def reset(self) -> None:
        """Empty every topic."""

    def messages(self) -> tuple[Message, ...]:
        """All messages that a ``read_committed`` consumer sees, partition by partition."""

    def progress(self, group: str) -> tuple[Progress, ...]:
        """How far a consumer group has come in each Kafka partition."""

    def send(self, topic: str, records: Sequence[Sent]) -> tuple[tuple[int, int], ...]:
        """Append messages where their keys belong; Kafka partition and offset of each."""


@dataclass(frozen=True)
class Gateway:
    """The lane's payment gateway: where learners find it, and where it is told what to do."""

    address: str
    sandbox: Sandbox


class Parcels(Protocol):
    """The lane's warehouse, as the judge needs it."""

    address: str

    def reset(self, mood: str = "") -> None:
        """As if nothing had ever happened; from now on in one of ``shop.warehouse.MOODS``."""

    def settle(self) -> None:
        """What it is slow with gets done now."""

    def parcels(self) -> tuple[dict[str, Any], ...]:
        """What it has packed, in order: key, purchase_id, item, quantity."""


class Replica(Protocol):
    """The follower of the lane's Postgres: how far behind it is, the scenario decides."""

    def address(self, database: str) -> str:
        """The superuser's address of this database there."""

    def hold(self) -> None:
        """From now on it shows nothing new, whatever it gets."""

    def receive(self) -> None:
        """It gets all that is committed by now, and need not show it."""

    def cut(self) -> None:
        """From now on it gets nothing."""

    def go_on(self) -> None:
        """It shows all that it has got."""

    def catch_up(self) -> None:
        """It gets and shows all that is committed by now."""


class Lane:
    """Everything that a run needs, ready and warm."""

    def __init__(
        self,
        *,
        database_url: str,
        shop_url: str,
        topics: Topics | None,
        redis: Redis | None = None,
        subjects: Subjects,
        gateway: Gateway | None = None,
        warehouse: Parcels | None = None,
    ) -> None:
        self.database_url = database_url
        self.shop_url = shop_url
        self.topics = topics
        self.redis = redis
        self.subjects = subjects
        self.gateway = gateway
        self.warehouse = warehouse
        self.replica: Replica | None = None
        self.tap = Tap()
        self.processes_stay = False
        """In this run a process may be one that was there in a run before, and has left nothing behind."""
        self.database = _judges_session(database_url)
        self._reset = reset_statement(self.database)
        self._seeds = Seeds(self.database)
        self._addresses: dict[str, tuple[dict[str, str], tuple[int, ...]]] = {}

    def reset(self, *, processes_stay: bool = False) -> None:
        """As if nothing had ever happened; unless its processes stay, a run's processes are all new ones."""
        self._end_links()
        self.processes_stay = processes_stay
        self.tap.keep_sessions(processes_stay)
        reset(self.database, self._reset)
        self._seeds.restore()
        if self.replica is not None:
            self.replica.catch_up()
        if self.topics is not None:
            self.topics.reset()
        if self.redis is not None:
            self.redis.reset()
        if self.gateway is not None:
            self.gateway.sandbox.reset()
        if self.warehouse is not None:
            self.warehouse.reset()

    def _end_links(self) -> None:
        try:
            self.tap.close_links()
        except BackendStuck:
            # An endless script that has written cannot be stopped; with its server it can.
            if self.redis is None:
                raise
            self.redis.reset()

    def close(self) -> None:
        """Let go of the tap and the judge's own session."""
        self.tap.close()
        self.database.close()

    def start(self, process: str, function: str, arguments: list[Any]) -> Running:
        """A subject that calls ``function(at, *arguments)`` with addresses that lead through this process's doors."""
        addresses, ports = self._doors(process)
        stays_as = process if self.processes_stay else ""
        return self.subjects.start(function, [{"$": "Addresses", **addresses}, *arguments], ports=ports, stays_as=stays_as)

    def leave_groups(self, process: str) -> None:
        """A process that has ended leaves its consumer groups at once: no run waits for a session to time out."""
        for member in self.tap.members(process) if self.topics is not None else ():
            leave_group(self.topics.bootstrap, member.group, member.member_id)
            self.tap.left(process, member.group, member.member_id)

    def _doors(self, process: str) -> tuple[dict[str, str], tuple[int, ...]]:
        if process not in self._addresses:
            self._addresses[process] = self._open_doors(process)
        return self._addresses[process]

    def _open_doors(self, process: str) -> tuple[dict[str, str], tuple[int, ...]]:
        url = urlsplit(self.shop_url)
        postgres = self.tap.door(process, "postgres", (url.hostname or "", url.port or 0), user=url.username)
        addresses = {
            "postgres": f"postgresql://{url.username}@127.0.0.1:{postgres.port}{url.path}"
            "?sslmode=disable&gssencmode=disable"
        }
        ports = [postgres.port]
        if self.replica is not None:
            place = urlsplit(self.replica.address(url.path.strip("/")))
            door = self.tap.door(process, "postgres", (place.hostname or "", place.port or 0), user=url.username, backend="replica")
            addresses["replica"] = addresses["postgres"].replace(f":{postgres.port}/", f":{door.port}/")
            ports.append(door.port)
        if self.topics is not None:
            host, port = self.topics.bootstrap.rsplit(":", 1)
            kafka = self.tap.door(process, "kafka", (host, int(port)))
            addresses["kafka"] = f"127.0.0.1:{kafka.port}"
            ports.append(kafka.port)
        if self.redis is not None:
            place = urlsplit(self.redis.url)
            door = self.tap.door(process, "redis", (place.hostname or "", place.port or 0), guarded=True)
            addresses["redis"] = f"redis://127.0.0.1:{door.port}{place.path}"
            ports.append(door.port)
        if self.gateway is not None:
            place = urlsplit(self.gateway.address)
            door = self.tap.door(process, "http", (place.hostname or "", place.port or 0))
            addresses["gateway"] = f"http://127.0.0.1:{door.port}"
            ports.append(door.port)
        if self.warehouse is not None:
            place = urlsplit(self.warehouse.address)
            door = self.tap.door(process, "http", (place.hostname or "", place.port or 0), backend="warehouse")
            addresses["warehouse"] = f"http://127.0.0.1:{door.port}"
            ports.append(door.port)
        return addresses, tuple(ports)

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection[Any]]:
        """A session for a service that the judge plays; each statement is sent as written.

        It is the keeper's: no learner can use up its connections or change its settings.
        """
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("set role {}").format(psycopg.sql.Identifier(KEEPER)))
            yield connection

    def rows(self, table: str) -> tuple[dict[str, Any], ...]:
        """All rows of one table, in the order of their first column."""
        statement = psycopg.sql.SQL("select * from {} order by 1").format(psycopg.sql.Identifier("public", table))
        with self.database.cursor(row_factory=dict_row) as cursor:
            return tuple(cursor.execute(statement).fetchall())

    def messages(self) -> Sequence[Message]:
        """All messages that a consumer would see now."""
        return self.topics.messages() if self.topics is not None else ()

    def progress(self, groups: Sequence[str]) -> tuple[Progress, ...]:
        """How far these consumer groups have come."""
        return tuple(one for group in groups for one in self.topics.progress(group)) if self.topics is not None else ()

    def send(self, topic: str, records: Sequence[Sent]) -> tuple[tuple[int, int], ...]:
        """Messages that somebody sent before the story begins; Kafka partition and offset of each."""
        assert self.topics is not None, "a story with messages needs a lab with topics"
        return self.topics.send(topic, records)

    def ledger(self) -> dict[str, tuple[dict[str, Any], ...]]:
        """What the gateway has taken (``charges``) and given back (``refunds``); nothing where there is no gateway."""
        if self.gateway is None:
            return {}
        return {name: tuple(rows) for name, rows in self.gateway.sandbox.ledger().items()}

    def blockers(self, backend_pid: int) -> list[int]:
        """Who holds the lock that this session waits for? Postgres knows; time does not."""
        row = self.database.execute("select pg_blocking_pids(%s)", (backend_pid,)).fetchone()
        return list(row[0]) if row else []

    def lock_waits(self, backend_pids: Sequence[int]) -> dict[int, tuple[list[int], float]]:
        """Of these sessions, those that wait for a lock: who holds it, and for how many seconds they have waited."""
        rows = self.database.execute(LOCK_WAITS, [list(backend_pids)]).fetchall()
        return {pid: (list(holders), float(waited_s)) for pid, holders, waited_s in rows if holders}


def _judges_session(url: str) -> psycopg.Connection[Any]:
    """The superuser's session, in which nothing can be called or can fail that a learner put into the database."""
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("select set_config('search_path', %s, false)", [JUDGES_PATH])
    for name in AS_TEXT:
        connection.adapters.register_loader(name, TextLoader)
    set_json_loads(_json_or_text, connection)
    return connection


def _json_or_text(data: bytes | str) -> Any:
    """Postgres holds JSON that Python cannot read: too deep, or numbers with too many digits."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data if isinstance(data, str) else data.decode("utf-8", "replace")
