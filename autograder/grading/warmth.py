"""Warmth: what a first use of the clients would cost every fork, done once in the zygote instead.

Imports, tables that fill on first use, classes that are made on first use. Nothing is connected, and no thread and no
socket is left when :func:`import_and_warm` returns.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import pkgutil
import re
import socket
import sys
import threading
from collections.abc import Sequence
from typing import Any

__all__ = ["CLIENTS", "import_and_warm", "wanted_by", "without_big"]

CLIENTS = (
    "shop",
    "json",
    "asyncio",
    "dataclasses",
    "datetime",
    "decimal",
    "uuid",
    "random",
    "time",
    "threading",
    "queue",
    "contextlib",
    "concurrent.futures",
    "subprocess",
    "tempfile",
    "logging",
    "urllib.request",
    "http.client",
    "traceback",
    "crc32c",
    "psycopg",
    "psycopg.rows",
    "psycopg.types.json",
    "psycopg_pool",
    "redis",
    "redis.asyncio",
    "kafka",
    "structlog",
    "prometheus_client",
    "opentelemetry.trace.propagation.tracecontext",
    "opentelemetry.sdk.trace.export.in_memory_span_exporter",
)
"""What a learner's program may use; names that are not installed are passed over."""

_BIG = ("psycopg", "psycopg_pool", "redis", "kafka", "urllib", "http", "structlog", "prometheus_client", "opentelemetry")
"""Packages that every fork would pay for with its memory: imported only for a program that names them."""

_METADATA_PAUSE_MS = 5
"""kafka-python's pause between two questions about the cluster; on loopback nobody need be spared.

Its own 100 ms would pass idly at the start of every consumer and every producer, which ask once who is there and then, too
soon, about their topic. Its other pauses stay as they are: a thread that looks again every few milliseconds is never at rest,
and the judge strikes a process at rest.
"""
_CLIENTS_CHOICE = {"Produce": 9, "JoinGroup": 7}
"""Where kafka-python asks for an older version than the highest that it and the broker share."""


def wanted_by(sources: Sequence[str], names: Sequence[str]) -> list[str]:
    """Of these modules the big ones that a program names; it may import others too, but each of its forks pays for them.

    The shop's client of the payment gateway speaks HTTP, so whoever names it names that; the watched shop of day 11
    brings its clients itself.
    """
    text = "\n".join(sources)
    named = {package for package in _BIG if re.search(rf"\b{package}\b", text)}
    if re.search(r"\b(Gateway|Warehouse)\b", text):
        named.add("http")
    if re.search(r"\bshop\.watched\b", text):
        named |= {"psycopg", "kafka"}
    return [name for name in names if name.partition(".")[0] in named]


def without_big(names: Sequence[str]) -> list[str]:
    """The modules that every program gets."""
    return [name for name in names if name.partition(".")[0] not in _BIG]


def import_and_warm(names: Sequence[str]) -> None:
    """Import the modules that exist and use each client once without a server."""
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for name, warm in {"psycopg": _psycopg, "redis": _redis, "kafka": _kafka, "asyncio": _asyncio}.items():
        if name in sys.modules:
            with contextlib.suppress(Exception):
                warm()
    _require_quiet()


def _require_quiet() -> None:
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate()[1:])
        raise RuntimeError(f"a zygote must have one thread, but these were left: {names}")


def _closed_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _psycopg() -> None:
    import psycopg
    from psycopg.adapt import PyFormat, Transformer
    from psycopg.types.json import Json, Jsonb

    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(f"host=127.0.0.1 port={_closed_port()} user=shop dbname=shop sslmode=disable connect_timeout=2")
    for value in (None, True, 1, 1.5, "lamp", b"lamp", Json({}), Jsonb({}), ["lamp"]):
        with contextlib.suppress(psycopg.Error):
            Transformer().get_dumper(value, PyFormat.AUTO)


def _redis() -> None:
    import redis
    import redis.utils

    # It would look its own version up on disk for every connection.
    redis.utils.get_lib_version = functools.cache(redis.utils.get_lib_version)
    client = redis.Redis(host="127.0.0.1", port=_closed_port(), retry=None)
    with contextlib.suppress(redis.RedisError):
        client.get("lamp")
    client.close()


def _kafka() -> None:
    """kafka-python makes the code for each kind of message at its first use; this makes it for our broker's versions."""
    import kafka
    import kafka.cluster
    import kafka.protocol

    kafka.cluster.ClusterMetadata.DEFAULT_CONFIG["retry_backoff_ms"] = _METADATA_PAUSE_MS
    "127.0.0.1".encode("idna")  # loads the tables of Unicode, which every connection asks
    for package in (kafka.protocol, kafka):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not any(part in module.name for part in ("__main__", "benchmarks", "cli", "vendor", "stubs", "admin")):
                with contextlib.suppress(Exception):
                    importlib.import_module(module.name)
    from autograder.backends.kafka.wire import APIS

    for api in APIS.values():
        if api.area in ("producer", "consumer", "metadata"):
            area = importlib.import_module(f"kafka.protocol.{api.area}")
            for version in {api.highest, _CLIENTS_CHOICE.get(api.name, api.highest)}:
                _compile_messages(area, api.name, version)


def _compile_messages(module: Any, name: str, version: int) -> None:
    asked, answered = getattr(module, f"{name}Request"), getattr(module, f"{name}Response")
    flexible = asked.flexible_version_q(version)
    asked._struct.compiled_encode_into(version, compact=flexible, tagged=flexible)
    flexible = answered.flexible_version_q(version)
    answered._struct.compiled_decode_from(version, compact=flexible, tagged=flexible, data_class=answered[None])


def _asyncio() -> None:
    import asyncio

    async def nothing() -> None:
        await asyncio.sleep(0)

    asyncio.run(nothing())
