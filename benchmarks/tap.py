"""What the tap costs: the same client straight and through a door, as ratios.

    python -m benchmarks.tap

The client is a process of its own, as a subject is; the tap works in this one. Ratios and microseconds per request are
printed, nothing passes or fails: they are for comparing two versions of the tap on one quiet machine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit, urlunsplit

from autograder.backends.broker import PrivateBroker
from autograder.backends.databases import prepare_shop
from autograder.backends.postgres import Postgres
from autograder.backends.redis import Redis
from autograder.history import Backend
from autograder.tap import Tap

ROUNDS = 5

POSTGRES = """
import psycopg
connection = psycopg.connect(address, autocommit=True, prepare_threshold=None)
def one():
    connection.execute("select item from purchase where id = %s", ("p-1",)).fetchone()
"""
POSTGRES_ROWS = """
import psycopg
connection = psycopg.connect(address, autocommit=True, prepare_threshold=None)
def one():
    connection.execute("select g, 'lamp' from generate_series(1, 2000) g").fetchall()
"""
REDIS = """
import redis
client = redis.Redis.from_url(address)
def one():
    client.incr("sold")
"""
REDIS_PIPELINE = """
import redis
client = redis.Redis.from_url(address)
def one():
    pipeline = client.pipeline(transaction=False)
    for _ in range(100):
        pipeline.incr("sold")
    pipeline.execute()
"""
KAFKA = """
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers=address, acks="all", linger_ms=0)
def one():
    producer.send("purchases", b"x").get(10)
"""
CLIENT = """
import sys, time
address, times = sys.argv[1], int(sys.argv[2])
{setup}
for _ in range(max(1, times // 10)):
    one()
start = time.perf_counter()
for _ in range(times):
    one()
print((time.perf_counter() - start) / times)
"""


@dataclass(frozen=True)
class Case:
    """One thing that a client does over and over."""

    name: str
    backend: Backend
    setup: str
    times: int
    requests: int = 1
    """How many requests one of them is."""


CASES = (
    Case("Postgres: select by key", "postgres", POSTGRES, 2000),
    Case("Postgres: 2,000 rows", "postgres", POSTGRES_ROWS, 100),
    Case("Redis: INCR", "redis", REDIS, 2000),
    Case("Redis: pipeline of 100", "redis", REDIS_PIPELINE, 50, 100),
    Case("Kafka: send and wait", "kafka", KAFKA, 500),
)


@contextmanager
def backends() -> Iterator[dict[Backend, str]]:
    """The three backends, and their addresses."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Postgres(Path(folder) / "postgres") as postgres,
        Redis(Path(folder) / "redis", durable=False) as redis,
        PrivateBroker() as broker,
    ):
        prepare_shop(postgres.address)
        yield {"postgres": postgres.shop_address(), "redis": redis.address, "kafka": f"kafka://{broker.bootstrap}"}


def measure(tap: Tap, case: Case, address: str) -> float:
    """Seconds for one of them."""
    code = CLIENT.format(setup=case.setup)
    words = [sys.executable, "-c", code, address.removeprefix("kafka://"), str(case.times)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        said: list[str] = []
        tap.watch(process.stdout, lambda: said.append(process.stdout.readline()))
        while not said:
            tap.poll(0.1)
        tap.unwatch(process.stdout)
    tap.close_links()
    return float(said[0])


def main() -> None:
    """Measure every case straight and through the tap, by turns, and print the medians."""
    print(f"{'':26}{'straight':>12}{'by the tap':>12}{'ratio':>8}{'more per request':>19}")
    with backends() as addresses, Tap() as tap:
        for case in CASES:
            parts = urlsplit(addresses[case.backend])
            door = tap.door("client", case.backend, (parts.hostname or "", parts.port or 0))
            user = f"{parts.username}@" if parts.username else ""
            tapped = urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{door.port}"))
            pairs = [(measure(tap, case, addresses[case.backend]), measure(tap, case, tapped)) for _ in range(ROUNDS)]
            straight, through = (median(values) * 1e6 for values in zip(*pairs, strict=True))
            more = (through - straight) / case.requests
            print(f"{case.name:26}{straight:9.0f} us{through:9.0f} us{through / straight:8.2f}{more:16.0f} us")


if __name__ == "__main__":
    main()
