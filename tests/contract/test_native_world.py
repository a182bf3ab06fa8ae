"""The native world as learners have it: chosen, started, mended, left for another world, ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from autograder import backends
from autograder.backends import BackendError, Lease
from autograder.backends.kafka.direct import Direct
from autograder.backends.native.jars import find_kafka
from autograder.backends.processes import wait_until
from tests.contract.kafka.cluster import Kafka

pytestmark = pytest.mark.only_in("native")


@pytest.fixture(autouse=True)
def jars(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clone's jars, so that a state folder of a test's own fetches none."""
    with monkeypatch.context() as clones:
        clones.delenv("FORTNIGHT_STATE", raising=False)
        home = find_kafka()
    monkeypatch.setenv("KAFKA_HOME", str(home))


def put_everywhere(lease: Lease) -> None:
    with psycopg.connect(lease.shop.postgres) as connection:
        connection.execute("create table lamp (stock integer)")
    redis.Redis.from_url(lease.shop.redis).set("lamp", 3)
    client = Kafka(lease.shop.kafka)
    client.producer().send("purchases", b"a1").get(30)
    client.close_clients()


def is_everywhere(lease: Lease) -> bool:
    with psycopg.connect(lease.shop.postgres) as connection:
        connection.execute("select stock from lamp")
    with Direct(lease.shop.kafka) as kafka:
        messages = [message.value for message in kafka.messages("purchases")]
    return messages == [b"a1"] and redis.Redis.from_url(lease.shop.redis).get("lamp") == b"3"


def test_it_survives_the_death_of_a_backend_and_of_its_supervisor(jars: None, state: Path):
    said: list[str] = []
    with backends.connect(say=said.append) as lease:
        assert said == ["Starting Postgres, Redis and Kafka (native) ..."]
        assert lease.backends.world == "native"
        put_everywhere(lease)
        os.kill(lease.status()["backends"]["Kafka"]["pid"], signal.SIGKILL)
        assert wait_until(lambda: lease.status()["backends"]["Kafka"]["restarts"] == 1, 30)
        assert is_everywhere(lease)
        before = lease.shop
        os.kill(lease.status()["pid"], signal.SIGKILL)
        assert wait_until(lambda: not lease.is_open(), 5)
    with backends.connect() as lease:
        assert lease.shop == before
        assert is_everywhere(lease)


def test_an_unused_world_makes_way_and_a_used_one_does_not(
    state: Path, monkeypatch: pytest.MonkeyPatch, running_in: Callable[[Path], list[int]]
):
    backends.connect().close()
    monkeypatch.setenv("FORTNIGHT_WORLD", "embedded")
    with backends.connect() as lease:
        assert lease.backends.world == "embedded"
        monkeypatch.setenv("FORTNIGHT_WORLD", "native")
        with pytest.raises(BackendError, match="backends of the embedded world are in use here.*fortnight stop"):
            backends.connect()
    assert backends.stop() is True
    assert not running_in(state)
