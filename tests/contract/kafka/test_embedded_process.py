"""The embedded broker as a process: how it begins and ends, what it does for clients that go, and what it refuses."""

from __future__ import annotations

import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from kafka import TopicPartition
from kafka.errors import PolicyViolationError

from autograder.backends.kafka import wire
from tests.contract.kafka.cluster import ROOT, EmbeddedBroker, until
from tests.contract.kafka.test_idempotence import batch

Start = Callable[..., EmbeddedBroker]


def link(broker: EmbeddedBroker) -> socket.socket:
    host, _, port = broker.bootstrap.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def produce(topic: str, number: int) -> bytes:
    return wire.question("Produce", 7, number, "relay", {
        "transactional_id": None, "acks": -1, "timeout_ms": 1000, "topic_data": [
            {"name": topic, "partition_data": [{"index": 0, "records": batch(-1, -1)}]}]})


def rest(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_it_ends_when_its_stdin_closes(start_broker: Start) -> None:
    broker = start_broker()
    assert broker.process.stdin is not None
    broker.process.stdin.close()
    assert broker.process.wait(10) == 0


def test_it_ends_on_sigterm(start_broker: Start) -> None:
    broker = start_broker()
    broker.process.send_signal(signal.SIGTERM)
    assert broker.process.wait(10) == 0


def test_it_listens_on_loopback_alone(start_broker: Start) -> None:
    broker = start_broker()
    assert broker.bootstrap.startswith("127.0.0.1:")
    inodes = set()
    for entry in Path(f"/proc/{broker.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # a file that it has closed meanwhile is not what it listens on
            inodes.add(entry.readlink().name)
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]
    assert len(listening) == 2
    assert all(address.startswith("0100007F:") for address in listening)


def test_what_a_client_had_sent_is_done_before_the_broker_closes(start_broker: Start) -> None:
    broker = start_broker()
    topic = broker.topic()
    with link(broker) as connection:
        connection.sendall(b"".join(produce(topic, number) for number in range(50)))
        connection.shutdown(socket.SHUT_WR)
        answers = rest(connection)
    assert broker.op("log", topic=topic) == [[0, 0, 50, 50]]
    assert len(answers) > 50 * 4


def test_a_waiting_fetch_does_not_hold_up_the_end_of_a_connection(start_broker: Start) -> None:
    broker = start_broker()
    topic = broker.topic()
    fetch = wire.question("Fetch", 4, 1, "warehouse", {
        "replica_id": -1, "max_wait_ms": 600_000, "min_bytes": 1, "max_bytes": 1 << 20, "isolation_level": 0,
        "topics": [{"topic": topic, "partitions": [
            {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1 << 20}]}]})
    with link(broker) as connection:
        connection.sendall(fetch + produce(topic, 2))
        connection.shutdown(socket.SHUT_WR)
        rest(connection)
    assert broker.op("log", topic=topic) == [[0, 0, 1, 1]]


def test_a_half_request_has_no_effect(start_broker: Start) -> None:
    broker = start_broker()
    topic = broker.topic()
    with link(broker) as connection:
        connection.sendall(produce(topic, 1)[:-1])
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection) == b""
    assert broker.op("log", topic=topic) == [[0, 0, 0, 0]]


@pytest.mark.parametrize(("key", "version", "sentence"), [
    (68, 0, "refused: request kind 68 version 0, which the embedded broker does not offer: use the native or "
            "container backends for it"),
    (0, 99, "refused: Produce version 99; the embedded broker offers versions 3 to 11: let the client negotiate "
            "(never pass api_version)"),
])
def test_what_it_does_not_offer_is_refused_with_a_sentence(
        start_broker: Start, key: int, version: int, sentence: str) -> None:
    broker = start_broker()
    with link(broker) as connection:
        connection.sendall(struct.pack(">ihhih", 10, key, version, 1, -1))
        assert rest(connection) == b""
    assert broker.op("refusals") == [sentence]


def test_bytes_that_are_no_request_break_only_their_own_connection(start_broker: Start) -> None:
    broker = start_broker()
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", struct.pack(">ihhi", 12, 0, 7, 1) + b"\xff" * 4):
        with link(broker) as connection:
            connection.sendall(nonsense)
            connection.shutdown(socket.SHUT_WR)
            assert rest(connection) == b""
    assert len(broker.op("refusals")) == 2


def test_a_topic_that_it_cannot_keep_its_promise_for_is_refused(start_broker: Start) -> None:
    admin = start_broker().admin()
    with pytest.raises(PolicyViolationError, match="compacts nothing, so it refuses cleanup.policy=compact"):
        admin.create_topics({"orders": {"num_partitions": 1, "replication_factor": 1,
                                        "configs": {"cleanup.policy": "compact"}}})


def test_the_shortest_session_is_that_of_apache_kafka_unless_the_judge_lowers_it(start_broker: Start) -> None:
    def join(broker: EmbeddedBroker, session_ms: int) -> int:
        told = broker.direct().ask("JoinGroup", 5, group_id="warehouse", session_timeout_ms=session_ms,
                                   rebalance_timeout_ms=session_ms, member_id="", group_instance_id=None,
                                   protocol_type="consumer", protocols=[{"name": "range", "metadata": b""}])
        return int(told.error_code)

    invalid_session_timeout, member_id_required = 26, 79
    assert join(start_broker(), 5999) == invalid_session_timeout
    assert join(start_broker(), 6000) == member_id_required
    assert join(start_broker("--session-ms-min", "500"), 500) == member_id_required


def test_old_messages_are_deleted_when_their_time_is_over(start_broker: Start) -> None:
    broker = start_broker("--retention-check-ms", "20")
    topic = broker.topic(retention_ms="60000")
    producer, long_ago_ms = broker.producer(), 1_000_000_000_000
    producer.send(topic, b"old", timestamp_ms=long_ago_ms).get(10)
    producer.send(topic, b"new").get(10)
    assert until(lambda: broker.op("log", topic=topic) == [[0, 1, 2, 2]])
    reader = broker.consumer()
    assert reader.beginning_offsets([TopicPartition(topic, 0)])[TopicPartition(topic, 0)] == 1


def test_a_client_that_only_asks_for_nodes_hears_of_topics_if_the_judge_wants_that(start_broker: Start) -> None:
    def topics(broker: EmbeddedBroker) -> list[str]:
        broker.op("create_topic", name="purchases")
        told = broker.direct().ask("Metadata", 7, topics=[], allow_auto_topic_creation=False)
        return [topic.name for topic in told.topics]

    assert topics(start_broker()) == []
    assert topics(start_broker("--eager-metadata")) == ["purchases"]


def test_another_version_of_kafka_python_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "__init__.py").touch()
    (tmp_path / "kafka" / "version.py").write_text("__version__ = '2.3.3'\n")
    program = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; sys.argv[1:] = []\n" \
              "import runpy; runpy.run_module('autograder.backends.kafka', run_name='__main__')"
    refused = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, timeout=20)
    assert refused.returncode == 1
    assert refused.stderr == ("The embedded Kafka broker cannot start: The embedded Kafka broker needs kafka-python "
                              "3.0.12 and found 2.3.3. Install it with: pip install 'kafka-python[crc32c]==3.0.12'\n")
