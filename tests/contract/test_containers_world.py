"""The containers world on a real Docker daemon: started, killed, cut off, stopped and found again by our own verbs.

`python -m tests.containers` brings the daemon and the images where there are none, and runs this.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psycopg
import pytest
import redis
from kafka import KafkaConsumer, KafkaProducer

from autograder import backends
from autograder.backends.containers import Containers, prepare, take_down
from autograder.backends.databases import create_database, drop_database, learner_address
from autograder.backends.processes import free_port, identify, is_running, wait_until

pytestmark = pytest.mark.only_in("containers")
MEND_TIMEOUT_S = 200.0
CONSUMER_TIMEOUT_MS = 60_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder."""
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def started(folder: Path) -> Iterator[Containers]:
    said: list[str] = []
    prepare(folder, said.append)
    assert {"Postgres is ready.", "Redis is ready.", "Kafka is ready."} <= set(said)
    world = Containers(folder)
    world.start()
    yield world
    world.forget()


@pytest.fixture
def world(started: Containers) -> Containers:
    """The world, with everything in it running."""
    started.mend()
    return started


def mended(world: Containers) -> list[str]:
    """What the world says when it has started again what died; Docker tells of a death a moment later."""
    said: list[str] = []
    assert wait_until(lambda: bool(said.extend(world.mend()) or said), MEND_TIMEOUT_S)
    return said


def rows(address: str, query: str) -> list[tuple]:
    with psycopg.connect(address, autocommit=True) as connection:
        found = connection.execute(query.encode())
        return found.fetchall() if found.description else []


def cache(world: Containers) -> redis.Redis:
    return redis.Redis.from_url(world.redis.address, socket_timeout=5, decode_responses=True)


def publish(world: Containers, topic: str, value: bytes) -> None:
    with KafkaProducer(bootstrap_servers=world.kafka.address, acks="all") as producer:
        producer.send(topic, value).get(30)


def read(world: Containers, topic: str, count: int) -> list[bytes]:
    """The first messages of a topic, as a consumer gets them; fewer when they do not come."""
    options = {"auto_offset_reset": "earliest", "consumer_timeout_ms": CONSUMER_TIMEOUT_MS}
    with KafkaConsumer(topic, bootstrap_servers=world.kafka.address, **options) as consumer:
        return [message.value for message in islice(consumer, count)]


def test_everything_runs_and_says_where(world):
    status = world.status()
    assert {name: entry["running"] for name, entry in status.items()} == dict.fromkeys(("Postgres", "Redis", "Kafka", "Gateway"), True)
    judge, shop = world.addresses()
    assert judge.world == "containers"
    for entry, address in zip(status.values(), (shop.postgres, shop.redis, shop.kafka, shop.gateway), strict=True):
        assert f":{entry['port']}" in address


def test_ports_are_published_on_loopback_only(world):
    published = [
        binding["HostIp"]
        for container in world.project.containers()
        for bindings in container["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    ]
    assert len(published) == 3 and set(published) == {"127.0.0.1"}


def test_every_container_has_its_limit_of_memory(world):
    limits = {found["Config"]["Image"]: found["HostConfig"]["Memory"] >> 20 for found in world.project.containers()}
    assert sorted(limits.values()) == [256, 512, 768]


def test_the_shop_enters_without_a_password_and_is_no_superuser(world):
    assert rows(world.addresses()[1].postgres, "select current_user, usesuper from pg_user where usename = current_user") == [
        ("shop", False)
    ]


def test_nobody_becomes_the_judge_without_its_password(world):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{world.postgres.port}/postgres")


def test_postgres_has_the_settings_of_the_embedded_world(world):
    settings = dict(rows(world.postgres.address, "select name, setting from pg_settings"))
    wanted = {"deadlock_timeout": "1", "max_connections": "100", "fsync": "off", "TimeZone": "UTC", "lc_messages": "C"}
    assert {name: settings[name] for name in wanted} == wanted


def test_a_judge_makes_databases_that_learners_enter(world):
    judges = create_database(world.postgres.address, "judge_in_container")
    try:
        assert rows(learner_address(judges), "select current_user::text") == [("judge_in_container",)]
    finally:
        drop_database(world.postgres.address, "judge_in_container")


def test_kafka_sends_its_clients_to_the_published_port(world):
    publish(world, "greetings", b"hello")
    assert read(world, "greetings", 1) == [b"hello"]


def test_postgres_keeps_what_was_committed_and_nothing_else_when_it_is_killed(world):
    rows(world.addresses()[1].postgres, "create table kept as select 1 as id")
    with psycopg.connect(world.addresses()[1].postgres) as open_one:
        open_one.execute("insert into kept values (2)")
        world.postgres.kill()
        with pytest.raises(psycopg.OperationalError):
            open_one.commit()
    assert mended(world) == ["Postgres died (signal SIGKILL) and was started again; what was in flight is lost."]
    assert rows(world.addresses()[1].postgres, "select id from kept") == [(1,)]


def test_redis_keeps_its_keys_when_it_is_killed(world):
    cache(world).set("lamp", 7)
    world.redis.kill()
    assert "Redis died (signal SIGKILL)" in mended(world)[0]
    assert cache(world).get("lamp") == "7"


def test_kafka_keeps_its_messages_when_it_is_killed(world):
    publish(world, "kept", b"1")
    world.kafka.kill()
    assert "Kafka died (signal SIGKILL)" in mended(world)[0]
    assert read(world, "kept", 1) == [b"1"]


def test_a_backend_that_ends_by_itself_is_started_again(world):
    cache(world).shutdown()
    assert "Redis died (exit code 0)" in mended(world)[0]
    assert world.status()["Redis"]["running"]


def test_a_restart_keeps_port_and_data(world):
    port = world.redis.port
    cache(world).set("mug", 3)
    world.redis.restart()
    assert world.redis.port == port and cache(world).get("mug") == "3"
    mended(world)


def test_who_is_off_the_network_lives_and_answers_nobody(world):
    cache(world).set("chair", 1)
    world.redis.disconnect()
    with pytest.raises(redis.ConnectionError):
        cache(world).ping()
    assert world.redis.is_running() and world.mend() == []
    world.redis.reconnect()
    assert cache(world).get("chair") == "1"


def test_when_all_is_stopped_nothing_is_left_but_the_data(world):
    cache(world).set("desk", 5)
    ports = dict(world.ports)
    world.stop()
    assert world.project.containers() == []
    assert world.project.docker("network", "ls", "--quiet", "--filter", f"name={world.project.name}") == ""
    world.start()
    assert world.ports == ports and cache(world).get("desk") == "5"


def test_a_port_that_was_taken_meanwhile_is_replaced(world):
    world.stop()
    taken = world.ports["redis"]
    with socket.create_server(("127.0.0.1", taken)):
        world.start()
        assert world.ports["redis"] != taken and cache(world).ping()


def test_a_port_that_is_taken_behind_our_back_is_replaced_too(world, monkeypatch):
    world.stop()
    with socket.create_server(("127.0.0.1", 0)) as other:
        busy = other.getsockname()[1]
        world.ports["redis"] = busy
        looks_free = [busy]
        monkeypatch.setattr(
            "autograder.backends.containers.world.free_port",
            lambda preferred=None: looks_free.pop() if preferred in looks_free else free_port(preferred),
        )
        world.start()
        assert world.ports["redis"] != busy and looks_free == [] and cache(world).ping()


def test_data_that_is_older_than_our_password_is_opened_again(world, folder):
    (folder / "containers" / "password").write_text("another")
    world.start()
    assert rows(world.postgres.address, "select 1") == [(1,)]


def test_the_containers_of_a_killed_supervisor_are_taken_over_and_then_ended(tmp_path, folder, monkeypatch):
    state = tmp_path / "state"
    monkeypatch.setenv("FORTNIGHT_STATE", str(state))
    monkeypatch.setenv("FORTNIGHT_WORLD", "containers")
    prepare(state, lambda sentence: None)
    with backends.connect() as lease:
        assert lease.backends.world == "containers"
        supervisor = identify(lease.status()["pid"])
        before = {found["Id"] for found in Containers(state).project.containers()}
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    assert wait_until(lambda: not is_running(supervisor), 10)
    with backends.connect() as lease:
        assert rows(lease.shop.postgres, "select 1") == [(1,)]
        assert {found["Id"] for found in Containers(state).project.containers()} == before
    assert backends.stop() is True
    world = Containers(state)
    assert world.project.containers() == []
    world.forget()


def test_what_a_killed_supervisor_left_can_be_taken_down_without_one(tmp_path, folder):
    state = tmp_path / "state"
    prepare(state, lambda sentence: None)
    assert take_down(state) is True and take_down(state) is False
    world = Containers(state)
    assert world.project.containers() == []
    world.forget()
