"""Several simulated nodes: how far followers are behind can be chosen (see `test_leaders.py` for the contract)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.kafka.cluster import EmbeddedBroker

# kafka-python forgets to close the sockets of attempts to reach a broker that is gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
Start = Callable[..., EmbeddedBroker]
THREE = ("--brokers", "3", "--replicas", "3")


def leader(broker: EmbeddedBroker, topic: str) -> int:
    return int(broker.admin().describe_topics([topic])[0]["partitions"][0]["leader_id"])


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
