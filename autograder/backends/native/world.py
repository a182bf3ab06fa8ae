"""The native world: this machine's own Postgres and Redis, and Apache Kafka; their data apart from the embedded ones'."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.backends.local import LocalWorld
from autograder.backends.native.kafka import ApacheKafka
from autograder.backends.native.programs import native_postgres, native_redis
from autograder.backends.postgres import Postgres
from autograder.backends.redis import Redis

__all__ = ["native"]


def native(state: Path) -> LocalWorld:
    """The world of this machine's own servers; raises BackendError where one is missing."""
    return LocalWorld("native", state, _servers)


def _servers(state: Path, ports: Mapping[str, int]) -> tuple[Postgres, Redis, ApacheKafka]:
    folder = state / "native"
    return (
        Postgres(folder / "postgres", port=ports.get("Postgres"), binaries=native_postgres()),
        Redis(folder / "redis", port=ports.get("Redis"), binary=native_redis()),
        ApacheKafka(folder / "kafka", port=ports.get("Kafka")),
    )
