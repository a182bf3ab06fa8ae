"""What Kafka has acknowledged outlives its SIGKILL, and clients that were there go on afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kafka import TopicPartition

from autograder.backends.kafka.direct import Direct, DirectError
from tests.contract.kafka.cluster import Kafka, read, until
from tests.contract.under_test import Server

# kafka-python forgets to close the sockets of attempts to reach a broker that is gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
PATIENT = {"retries": 200, "retry_backoff_ms": 50, "reconnect_backoff_ms": 20, "reconnect_backoff_max_ms": 200}


@pytest.fixture
def mortal(server: Server) -> Iterator[Kafka]:
    """Clients of a Kafka that the test kills."""
    kafka = Kafka(server.address)
    yield kafka
    kafka.close_clients()


def restart(server: Server, topic: str) -> None:
    """Kill and start it; back when a leader answers for the topic, which on Apache Kafka is a little later."""
    server.kill()
    server.start()
    assert until(lambda: is_led(server, topic))


def is_led(server: Server, topic: str) -> bool:
    with Direct(server.address) as direct:
        try:
            return bool(direct.end_offsets(topic))
        except (DirectError, KeyError):  # not the leader yet, or no leader is known
            return False


def test_messages_settings_and_committed_offsets_are_there_after_a_kill(mortal: Kafka, server: Server) -> None:
    topic, group = mortal.topic(partitions=2, retention_ms="123456789"), mortal.name("warehouse")
    mortal.fill(topic, 10, partitions=2)
    consumer = mortal.consumer(topic, group_id=group, session_timeout_ms=6000, max_poll_records=4)
    seen = [message.value for message in read(consumer, 4)]
    consumer.commit()
    mortal.close_clients()
    restart(server, topic)
    after = Kafka(server.address)
    assert until(lambda: after.direct().end_offsets(topic) == {0: 5, 1: 5})
    rest = read(after.consumer(topic, group_id=group, session_timeout_ms=6000), 10 - len(seen))
    assert sorted(int(value) for value in seen + [message.value for message in rest]) == list(range(10))
    told = after.direct().ask("DescribeConfigs", 1, include_synonyms=False, resources=[
        {"resource_type": 2, "resource_name": topic, "configuration_keys": ["retention.ms"]}])
    assert told.results[0].configs[0].value == "123456789"
    after.close_clients()


def test_a_producer_that_was_there_goes_on_without_a_duplicate(mortal: Kafka, server: Server) -> None:
    topic, producer = mortal.topic(), mortal.producer(**PATIENT)
    producer.send(topic, b"lamp").get(20)
    restart(server, topic)
    producer.send(topic, b"mug").get(30)
    assert [message.value for message in mortal.direct().messages(topic)] == [b"lamp", b"mug"]


def test_a_transaction_that_was_open_at_the_kill_hides_its_messages_until_it_commits(
        mortal: Kafka, server: Server) -> None:
    topic = mortal.topic()
    producer = mortal.producer(transactional_id=mortal.name("relay"), **PATIENT)
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, b"lamp").get(20)
    restart(server, topic)
    place = {TopicPartition(topic, 0).partition: 0}
    assert until(lambda: mortal.direct().end_offsets(topic, committed=True) == place)
    producer.commit_transaction()
    assert until(lambda: [one.value for one in mortal.direct().messages(topic, committed=True)] == [b"lamp"])
