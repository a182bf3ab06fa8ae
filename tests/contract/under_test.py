"""The servers that the contract suites ask: those of FORTNIGHT_WORLD (embedded, native or containers).

The suites are the folders `kafka/`, `postgres/` and `redis/` beside this file. They are asked of every world, except
the files named ``test_embedded_*``, which are about what only our own broker has, and tests that say `only_in`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from autograder.backends.broker import Broker
from autograder.backends.containers.world import Containers
from autograder.backends.native import ApacheKafka, native_postgres, native_redis
from autograder.backends.postgres import Postgres
from autograder.backends.redis import Redis
from autograder.backends.worlds import WorldName, chosen_world

__all__ = ["SESSION_MS", "SUITES", "WORLD", "Server", "Servers"]

WORLD: WorldName = chosen_world(Path(os.devnull))
"""Only the variable counts, not what this clone remembers: the tests of a clone do not depend on its learner."""
SUITES = ("kafka", "postgres", "redis")
SESSION_MS = 1000
"""The session timeout of the tests' consumers."""
RETENTION_CHECK_MS = "200"
EMBEDDED = ("--session-ms-min", str(SESSION_MS), "--retention-check-ms", RETENTION_CHECK_MS)
APACHE = {"log.retention.check.interval.ms": RETENTION_CHECK_MS, "log.initial.task.delay.ms": "0"}


class Server(Protocol):
    """A server that a test may kill; it comes back at its address, with its data."""

    @property
    def address(self) -> str: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...


class Servers:
    """Starts servers of the world under test; containers are there once and serve everybody."""

    def __init__(self, containers: Callable[[], Containers]) -> None:
        self._containers = containers

    @contextmanager
    def kafka(self, folder: Path) -> Iterator[Server]:
        """A Kafka."""
        if WORLD == "containers":
            yield self._containers().kafka
        elif WORLD == "native":
            with ApacheKafka(folder, settings=APACHE) as apache:
                yield apache
        else:
            with Broker(folder, options=EMBEDDED) as broker:
                yield broker

    @contextmanager
    def postgres(self, folder: Path) -> Iterator[Server]:
        """A Postgres; its address is the superuser's."""
        if WORLD == "containers":
            yield self._containers().postgres
        else:
            with Postgres(folder, binaries=native_postgres() if WORLD == "native" else None) as server:
                yield server

    @contextmanager
    def redis(self, folder: Path) -> Iterator[Server]:
        """A Redis."""
        if WORLD == "containers":
            yield self._containers().redis
        else:
            with Redis(folder, durable=False, binary=native_redis() if WORLD == "native" else None) as server:
                yield server
