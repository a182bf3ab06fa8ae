"""Apache Kafka as our own process: it starts, is killed, comes back, loses a node, and leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.backends import BackendError
from autograder.backends.kafka.direct import Direct
from autograder.backends.native import ApacheKafka, ApacheKafkaCluster
from autograder.backends.processes import identify, is_running, wait_until
from autograder.backends.state import ROOT
from tests.contract.kafka.cluster import Kafka

pytestmark = pytest.mark.only_in("native")
RunningIn = Callable[[Path], list[int]]


@pytest.fixture
def client() -> Iterator[Callable[[str], Kafka]]:
    """Clients of a Kafka by its address, closed after the test."""
    opened: list[Kafka] = []

    def connect(address: str) -> Kafka:
        opened.append(Kafka(address))
        return opened[-1]

    yield connect
    for one in opened:
        one.close_clients()


def send(client: Kafka, topic: str, *values: bytes) -> None:
    producer = client.producer(acks="all")
    for value in values:
        producer.send(topic, value).get(30)


def kept(address: str, topic: str) -> list[bytes | None]:
    with Direct(address) as kafka:
        return [message.value for message in kafka.messages(topic)]


def test_a_killed_broker_comes_back_on_its_port_with_what_it_acknowledged(tmp_path: Path, client, running_in: RunningIn):
    with ApacheKafka(tmp_path / "kafka") as kafka:
        before = kafka.address
        send(client(kafka.address), "purchases", b"a1", b"a2")
        kafka.kill()
        assert kafka.how_it_ended() == "signal SIGKILL"
        kafka.start()
        assert kafka.address == before
        assert kept(kafka.address, "purchases") == [b"a1", b"a2"]
    assert not running_in(tmp_path)


def test_a_data_folder_that_is_broken_is_refused_with_the_way_out(tmp_path: Path):
    kafka = ApacheKafka(tmp_path / "kafka")
    kafka.start()
    kafka.stop()
    (tmp_path / "kafka" / "data" / "meta.properties").write_text("version=99\n")
    with pytest.raises(BackendError, match="Apache Kafka does not start: .*remove .*data"):
        kafka.start()
    assert not kafka.is_running()


def test_it_ends_when_the_one_who_started_it_is_killed(tmp_path: Path):
    program = (
        "import sys, time; from pathlib import Path; from autograder.backends.native import ApacheKafka;"
        "kafka = ApacheKafka(Path(sys.argv[1])); kafka.start(); print(kafka.identity.pid, flush=True); input()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "kafka")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as starter:
        assert starter.stdout is not None
        java = identify(int(starter.stdout.readline()))
        assert java is not None
        os.kill(starter.pid, signal.SIGKILL)
    assert wait_until(lambda: not is_running(java), 30)


def test_three_nodes_lose_one_and_keep_every_acknowledged_message(tmp_path: Path, client, running_in: RunningIn):
    with ApacheKafkaCluster(tmp_path / "three") as cluster:
        one = client(cluster.address)
        topic = one.topic(partitions=1, replicas=3)
        send(one, topic, b"a1")
        with Direct(cluster.address) as kafka:
            host, port = kafka.leaders(topic)[0]
        leader = next(node for node in cluster.nodes.values() if node.address == f"{host}:{port}")
        leader.kill()
        send(one, topic, b"a2")
        leader.start()
        alive = next(node for node in cluster.nodes.values() if node is not leader)
        assert kept(alive.address, topic) == [b"a1", b"a2"]
    assert not running_in(tmp_path)
