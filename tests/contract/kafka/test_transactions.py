"""Transactions: visible together or not at all, and only from the newest instance of a producer."""

from __future__ import annotations

from typing import Any

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from tests.contract.kafka.cluster import Kafka, read, until


def relay(kafka: Kafka, transactional_id: str | None = None) -> KafkaProducer:
    producer = kafka.producer(transactional_id=transactional_id or kafka.name("relay"))
    producer.init_transactions()
    return producer


def values(kafka: Kafka, topic: str, *, committed: bool = True) -> list[bytes | None]:
    return [message.value for message in kafka.direct().messages(topic, committed=committed)]


def seen(kafka: Kafka, topic: str, expected: list[bytes]) -> bool:
    """Does a committed reader see just this? A commit is decided when it is acknowledged, its markers may follow."""
    return bool(until(lambda: values(kafka, topic) == expected))


def send(producer: KafkaProducer, topic: str, *values: bytes) -> None:
    for value in values:
        producer.send(topic, value).get(10)


def offsets(topic: str, offset: int) -> dict[TopicPartition, Any]:
    return {TopicPartition(topic, 0): OffsetAndMetadata(offset, "", -1)}


def test_what_was_committed_is_read_and_what_was_aborted_is_not(kafka: Kafka) -> None:
    topic, producer = kafka.topic(), relay(kafka)
    producer.begin_transaction()
    send(producer, topic, b"aborted-1", b"aborted-2")
    producer.abort_transaction()
    producer.begin_transaction()
    send(producer, topic, b"lamp", b"mug")
    producer.commit_transaction()
    reader = kafka.consumer(topic, isolation_level="read_committed")
    assert [message.value for message in read(reader, 2)] == [b"lamp", b"mug"]
    assert seen(kafka, topic, [b"lamp", b"mug"])
    assert len(read(kafka.consumer(topic), 4)) == 4
    assert values(kafka, topic, committed=False) == [b"aborted-1", b"aborted-2", b"lamp", b"mug"]


def test_an_open_transaction_hides_everything_behind_it_from_committed_readers(kafka: Kafka) -> None:
    topic, producer = kafka.topic(), relay(kafka)
    producer.begin_transaction()
    send(producer, topic, b"open")
    kafka.fill(topic, 1)
    reader = kafka.consumer(topic, isolation_level="read_committed")
    assert read(reader, 1, patience_s=0.5) == values(kafka, topic) == []
    assert kafka.direct().end_offsets(topic) == {0: 2}
    assert kafka.direct().end_offsets(topic, committed=True) == {0: 0}
    producer.commit_transaction()
    assert [message.value for message in read(reader, 2)] == [b"open", b"0"]
    assert seen(kafka, topic, [b"open", b"0"])


def test_a_transaction_spans_partitions_and_topics(kafka: Kafka) -> None:
    orders, payments, producer = kafka.topic(partitions=2), kafka.topic(), relay(kafka)
    producer.begin_transaction()
    producer.send(orders, b"lamp", partition=0)
    producer.send(orders, b"mug", partition=1)
    producer.send(payments, b"paid")
    producer.flush()
    assert values(kafka, orders) == values(kafka, payments) == []
    producer.commit_transaction()
    assert seen(kafka, orders, [b"lamp", b"mug"])
    assert seen(kafka, payments, [b"paid"])


def test_offsets_move_with_the_transaction_that_commits_and_stay_with_the_one_that_aborts(kafka: Kafka) -> None:
    source, target, group = kafka.topic(), kafka.topic(), kafka.name("warehouse")
    kafka.fill(source, 10)
    consumer, producer = kafka.consumer(source, group_id=group), relay(kafka)
    assert len(read(consumer, 10)) == 10
    producer.begin_transaction()
    send(producer, target, b"first")
    producer.send_offsets_to_transaction(offsets(source, 5), consumer.group_metadata())
    producer.commit_transaction()
    assert until(lambda: consumer.committed(TopicPartition(source, 0)) == 5)
    producer.begin_transaction()
    send(producer, target, b"second")
    producer.send_offsets_to_transaction(offsets(source, 10), consumer.group_metadata())
    producer.abort_transaction()
    assert consumer.committed(TopicPartition(source, 0)) == 5
    assert seen(kafka, target, [b"first"])


def test_a_zombie_is_fenced_and_what_it_left_open_is_aborted(kafka: Kafka) -> None:
    topic, name = kafka.topic(), kafka.name("relay")
    zombie = relay(kafka, name)
    zombie.begin_transaction()
    send(zombie, topic, b"zombie")
    newest = relay(kafka, name)
    newest.begin_transaction()
    send(newest, topic, b"lamp")
    newest.commit_transaction()
    with pytest.raises(KafkaError):
        zombie.commit_transaction()
    assert seen(kafka, topic, [b"lamp"])


def test_a_zombie_cannot_send_another_message(kafka: Kafka) -> None:
    topic, name = kafka.topic(), kafka.name("relay")
    zombie = relay(kafka, name)
    zombie.begin_transaction()
    send(zombie, topic, b"zombie-1")
    relay(kafka, name)
    with pytest.raises(KafkaError):
        send(zombie, topic, b"zombie-2")
    assert values(kafka, topic, committed=False) == [b"zombie-1"]


def test_a_transaction_that_stays_open_too_long_is_aborted(kafka: Kafka) -> None:
    topic = kafka.topic()
    producer = kafka.producer(transactional_id=kafka.name("relay"), transaction_timeout_ms=300)
    producer.init_transactions()
    producer.begin_transaction()
    send(producer, topic, b"late")
    kafka.fill(topic, 1)
    reader = kafka.consumer(topic, isolation_level="read_committed")
    assert [message.value for message in read(reader, 1)] == [b"0"]
    with pytest.raises(KafkaError):
        producer.commit_transaction()
