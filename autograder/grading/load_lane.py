"""A lane for a sale under load: its own database, a Redis and a gateway that survive a SIGKILL, Kafka, and a zygote.

Its workers meet the backends without a tap, so Redis itself refuses what would outlive a run or block the judge. Redis
keeps an append-only file, synced every second: a killed *process* loses nothing that it has answered, a power cut might.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg.rows import dict_row

from autograder.backends import BackendError, Backends
from autograder.backends.databases import (
    create_database, drop_database, drop_ownerless, judges_database, learner_address, reset, reset_statement,
)  # fmt: skip
from autograder.backends.gateway import GatewayServer
from autograder.backends.processes import keep_port, wait_until
from autograder.backends.redis import Redis
from autograder.explore import stored
from autograder.explore.lane import Topics
from autograder.explore.load_lane import Worker
from autograder.explore.seeds import Seeds
from autograder.grading import scratch_folders
from autograder.grading.lane_kafka import begin_kafka
from autograder.grading.program import Program
from autograder.grading.sandbox import Sandbox
from autograder.grading.subject import Zygote
from autograder.grading.warmth import CLIENTS
from autograder.invariants import Message
from autograder.backends.state import ROOT

__all__ = ["LOAD_CLIENTS", "LiveLane", "open_live_lane"]

LOAD_CLIENTS = (*CLIENTS, "autograder.grading.load_subject", "shop.sale")
CONNECTIONS = 90
"""Of Postgres, for all workers of a sale together; the server has 100."""
WORKER_LIMIT_S = 600.0
REFUSED = ("CONFIG", "ACL", "SHUTDOWN", "DEBUG", "REPLICAOF", "SLAVEOF", "MODULE", "BGREWRITEAOF", "SAVE", "BGSAVE")
REDIS_OPTIONS = ("--maxmemory", "256mb", "--busy-reply-threshold", "500")
RESTARTS_MAX = 20
ANSWER_S = 2.0
SCHEMA = ROOT / "shop" / "sale.sql"
NO_TOPICS: Mapping[str, int] = {}


def open_live_lane(
    backends: Backends,
    program: Program,
    cleanup: ExitStack,
    *,
    schema: Path = SCHEMA,
    topics: Mapping[str, int] = NO_TOPICS,
    reads: tuple[str, ...] = (),
    reference: Callable[[], Program] | None = None,
) -> LiveLane:
    """Open a lane with this program, whose database has the tables of ``schema``; ``cleanup`` closes it.

    ``reference`` is asked for only where the program is measured beside it.
    """
    make_topics = begin_kafka(backends, cleanup) if topics else None
    folder = scratch_folders.make()
    cleanup.callback(scratch_folders.remove, folder)
    servers = _Servers(Path(folder), backends)
    cleanup.callback(servers.kill)
    servers.launch()
    drop_ownerless(backends.postgres)
    database = judges_database(next(_NUMBERS))
    cleanup.callback(drop_database, backends.postgres, database)
    url = create_database(backends.postgres, database, schema=schema)
    zygote = cleanup.enter_context(
        Zygote(preload=LOAD_CLIENTS, sandbox=Sandbox(reads=reads, processor_s=300, open_files=1024))
    )
    zygote.load(program)
    lane = LiveLane(url, servers, zygote, make_topics(topics) if make_topics else None)
    lane.programs = (program, reference)
    cleanup.callback(lane.close)
    return lane


_NUMBERS = iter(range(10_001, 1 << 60))
"""Beside the databases of other lanes of this process."""


class _Servers:
    """The Redis and the gateway of one lane, which can be killed and come back where they were."""

    def __init__(self, folder: Path, backends: Backends) -> None:
        self._folder, self._world = folder, backends.world
        self.redis = self._new_redis(None)
        self.gateway = self._new_gateway(None, None)
        self._kept = [keep_port(port) for port in (self.redis.port, self.gateway.port, self.gateway.control_port)]

    def _new_redis(self, port: int | None) -> Redis:
        from autograder.backends.native import native_redis

        binary = native_redis() if self._world == "native" else None
        refused = [word for name in REFUSED for word in ("--rename-command", name, "")]
        return Redis(self._folder / "redis", port=port, binary=binary, options=(*REDIS_OPTIONS, *refused))

    def _new_gateway(self, port: int | None, control_port: int | None) -> GatewayServer:
        return GatewayServer(port=port, control_port=control_port, written=self._folder / "gateway")

    def launch(self) -> None:
        """Start both and wait for them."""
        self.redis.launch()
        self.gateway.launch()
        self.redis.wait()
        self.gateway.wait()

    def restart(self, what: str, *, forgets: bool) -> None:
        """SIGKILL, and the same again at the same address: workers know no other."""
        old = self.redis if what == "redis" else self.gateway
        ports = (old.port,) if isinstance(old, Redis) else (old.port, old.control_port)
        old.kill()
        if forgets:
            shutil.rmtree(self._folder / what, ignore_errors=True)
        for _ in range(RESTARTS_MAX):
            new = self._new_redis(*ports) if what == "redis" else self._new_gateway(*ports)
            setattr(self, what, new)
            new.launch()
            new.wait()
            if ports == ((new.port,) if isinstance(new, Redis) else (new.port, new.control_port)):
                return
            new.kill()  # somebody's own connection had taken the port for a moment, where it cannot be kept
        raise BackendError(f"The port of {what} was taken by another program while it was away: run it again.")

    def kill(self) -> None:
        """End both."""
        self.redis.kill()
        self.gateway.kill()
        for kept in self._kept:
            kept.close()


class LiveLane:
    """What :class:`autograder.explore.load_lane.LoadLane` asks for, with real processes."""

    def __init__(self, url: str, servers: _Servers, zygote: Zygote, topics: Topics | None) -> None:
        self.subjects = zygote
        self.say: Callable[[str], None] = lambda line: None
        self.programs: tuple[Program, Callable[[], Program] | None] | None = None
        """The learner's and the reference, where this lane knows them."""
        self._servers, self._topics = servers, topics
        self._redis: redis.Redis | None = None
        self._database = psycopg.connect(url, autocommit=True)
        self._probing = psycopg.connect(url, autocommit=True)
        self._reset = reset_statement(self._database)
        self._seeds = Seeds(self._database)
        self._learner = learner_address(url)
        role = psycopg.sql.Identifier(urlsplit(self._learner).username or "")
        self._database.execute(psycopg.sql.SQL("alter role {} connection limit {}").format(role, CONNECTIONS))
        self._redis_commands = 0.0

    def close(self) -> None:
        """Let go of the judge's own connections."""
        self._database.close()
        self._probing.close()
        if self._redis is not None:
            self._redis.close()

    def addresses(self) -> dict[str, str]:
        """Where the workers find the backends, as the fields of a ``shop.Addresses``."""
        url = urlsplit(self._learner)
        found = {
            "postgres": f"postgresql://{url.username}@127.0.0.1:{url.port}{url.path}?sslmode=disable&gssencmode=disable",
            "redis": self._servers.redis.address,
            "gateway": self._servers.gateway.address,
        }
        return found | ({"kafka": self._topics.bootstrap} if self._topics is not None else {})

    def reset(self) -> None:
        """As if nothing had ever happened."""
        self._end_sessions()
        reset(self._database, self._reset)
        self._seeds.restore()
        stored.emptied(self._client())
        self._redis_commands = 0.0
        sandbox = self._servers.gateway.sandbox()
        sandbox.reset()
        sandbox.close()
        if self._topics is not None:
            self._topics.reset()

    def _end_sessions(self) -> None:
        """What a killed worker had open holds its locks until the server notices."""
        self._database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and usename <> current_user"
        )

    def begin(self, statement: str) -> None:
        """A statement of the judge's own before the sale begins."""
        self._database.execute(statement.encode())

    def launch(self, terms: Any, crash_call: int) -> Worker:
        """Start a worker with the learner's program."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        at = self.addresses()
        ports = [port for address in at.values() if (port := _port_of(address))]
        with theirs:
            running = self.subjects.start_worker(
                {"$": "Addresses", **at}, terms, theirs.fileno(), crash_call=crash_call, ports=ports, limit_s=WORKER_LIMIT_S
            )
        return Worker(running, ours)

    @contextmanager
    def as_reference(self) -> Iterator[None]:
        """Meanwhile workers are launched with the lab's reference."""
        own, reference = self.programs or (None, None)
        if own is None or reference is None:
            raise BackendError("This lane was opened without a reference to measure beside.")
        self.subjects.load(reference())
        try:
            yield
        finally:
            self.subjects.load(own)

    def restart(self, what: str, *, forgets: bool = False) -> None:
        """SIGKILL for ``redis`` or ``gateway``; when this returns it serves again."""
        if what == "redis":
            self._redis_commands += self._commands()
        self._servers.restart(what, forgets=forgets)
        if what == "redis":
            wait_until(lambda: self._commands() > 0, 10.0)

    def misbehave(self, payments: Mapping[str, int]) -> None:
        """From now on every n-th charge is treated so."""
        sandbox = self._servers.gateway.sandbox()
        for behaviour, number in payments.items():
            sandbox.misbehave(behaviour, number=number, every=True)
        sandbox.close()

    def probe(self, asked: Sequence[tuple[str, str]]) -> list[float | None]:
        """One number for each question; None from a backend that does not answer now."""
        return [self._probed(backend, question) for backend, question in asked]

    def _probed(self, backend: str, question: str) -> float | None:
        with suppress(redis.RedisError, psycopg.Error, BackendError, TypeError, ValueError, KeyError):
            if backend == "postgres":
                return float(self._probing.execute(question.encode()).fetchone()[0])
            if backend == "redis":
                return float(self._client().execute_command(*question.split()) or 0)
            sandbox = self._servers.gateway.sandbox()
            try:
                return float(sandbox.counts()[question])
            finally:
                sandbox.close()
        return None

    def served(self) -> dict[str, float]:
        """What the backends have counted themselves, the judge's own questions included."""
        self._database.execute("select pg_stat_force_next_flush()")
        row = self._database.execute(
            "select xact_commit + xact_rollback, tup_inserted + tup_updated + tup_deleted"
            " from pg_stat_database where datname = current_database()"
        ).fetchone()
        assert row is not None
        counted = {"postgres transactions": float(row[0]), "postgres rows written": float(row[1])}
        return counted | {"redis commands": self._redis_commands + self._commands()}

    def _commands(self) -> float:
        with suppress(redis.RedisError):
            return float(self._client().info("stats")["total_commands_processed"])
        return 0.0

    def messages(self) -> Sequence[Message]:
        """All messages in the lane's topics."""
        return self._topics.messages() if self._topics is not None else ()

    def state(self, tables: Sequence[str]) -> dict[str, Any]:
        """The backends as they are now, as JSON can say it."""
        sandbox = self._servers.gateway.sandbox()
        ledger = sandbox.ledger()
        sandbox.close()
        found = {
            "tables": {table: self._rows(table) for table in tables},
            "redis": {key: asdict(value) for key, value in stored.contents(self._client()).items()},
            "charges": ledger["charges"],
            "refunds": ledger["refunds"],
            "messages": [asdict(message) for message in self.messages()],
        }
        return json.loads(json.dumps(found, default=str))

    def _rows(self, table: str) -> list[dict[str, Any]]:
        """All rows, in the order of their first column."""
        statement = psycopg.sql.SQL("select * from {} order by 1").format(psycopg.sql.Identifier("public", table))
        with self._database.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement).fetchall()

    def _client(self) -> redis.Redis:
        if self._redis is None:
            self._redis = redis.Redis(
                port=self._servers.redis.port, decode_responses=True, encoding_errors="replace",
                socket_timeout=ANSWER_S, retry=None,
            )  # fmt: skip
        return self._redis


def _port_of(address: str) -> int | None:
    return urlsplit(address if "//" in address else f"//{address}").port
