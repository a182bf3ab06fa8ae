"""Several simulated nodes: leaders fail, others take over, and what followers never had is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kafka.errors import NotEnoughReplicasError

from tests.contract.kafka.cluster import EmbeddedBroker, read

# kafka-python forgets to close the sockets of attempts to reach a broker that is gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
Start = Callable[..., EmbeddedBroker]
THREE = ("--brokers", "3", "--replicas", "3")


def leader(broker: EmbeddedBroker, topic: str) -> int:
    return int(broker.admin().describe_topics([topic])[0]["partitions"][0]["leader_id"])


def test_sends_go_on_when_the_leader_is_gone(start_broker: Start) -> None:
    broker = start_broker(*THREE)
    topic = broker.topic(partitions=3, replicas=3)
    producer = broker.producer(retries=50, retry_backoff_ms=20)
    for number in range(9):
        producer.send(topic, b"%d" % number, partition=number % 3).get(10)
    broker.op("broker_down", node=1)
    for number in range(9, 18):
        producer.send(topic, b"%d" % number, partition=number % 3).get(20)
    assert sorted(int(message.value) for message in read(broker.consumer(topic), 18)) == list(range(18))


@pytest.mark.parametrize(("acks", "lost"), [(1, 3), ("all", 0)])
def test_a_crash_of_the_leader_loses_what_only_it_had_acknowledged(
        start_broker: Start, acks: int | str, lost: int) -> None:
    # With acks=1 the followers never come within the test: only the leader has the messages.
    broker = start_broker(*THREE, "--replica-lag-ms", "60000" if acks == 1 else "20")
    topic = broker.topic(replicas=3)
    producer = broker.producer(acks=acks, enable_idempotence=False)
    for number in range(3):
        producer.send(topic, b"%d" % number).get(10)
    node = leader(broker, topic)
    assert broker.op("broker_down", node=node) == lost
    assert broker.op("log", topic=topic) == [[0, 0, 3 - lost, 3 - lost]]


def test_acks_all_is_refused_when_too_few_replicas_are_up(start_broker: Start) -> None:
    broker = start_broker(*THREE)
    topic = broker.topic(replicas=3, min_insync_replicas="3")
    broker.op("broker_down", node=3)
    producer = broker.producer(retries=1, retry_backoff_ms=10)
    with pytest.raises(NotEnoughReplicasError):
        producer.send(topic, b"lamp").get(10)


def test_a_node_that_comes_back_serves_again(start_broker: Start) -> None:
    broker = start_broker("--brokers", "2")
    topic = broker.topic(partitions=2)
    broker.op("broker_down", node=2)
    broker.op("broker_up", node=2)
    broker.fill(topic, 4, partitions=2)
    assert broker.direct().end_offsets(topic) == {0: 2, 1: 2}
