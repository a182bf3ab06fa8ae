"""What is sent is what is read: messages, order, acknowledgements, limits."""

from __future__ import annotations

import os
import time

import pytest
from kafka import TopicPartition
from kafka.errors import MessageSizeTooLargeError

from tests.contract.kafka.cluster import Kafka, read

NOW_MS = time.time_ns() // 1_000_000 - 60_000
"""A minute ago: Kafka takes no message from far in the future, and may drop very old ones at once."""


def test_a_message_is_read_with_every_field_that_was_sent(kafka: Kafka) -> None:
    topic, producer = kafka.topic(), kafka.producer()
    producer.send(topic, key=b"p-1", value=b"lamp", headers=[("by", b"Ada")], timestamp_ms=NOW_MS).get(10)
    (message,) = read(kafka.consumer(topic), 1)
    assert (message.key, message.value, message.headers, message.timestamp, message.offset) == (
        b"p-1", b"lamp", [("by", b"Ada")], NOW_MS, 0)


def test_messages_are_read_where_their_acknowledgement_said(kafka: Kafka) -> None:
    topic, producer = kafka.topic(partitions=3), kafka.producer()
    told = [producer.send(topic, b"%d" % number, key=b"p-%d" % (number % 7)) for number in range(100)]
    sent = {(meta.partition, meta.offset): b"%d" % number
            for number, meta in enumerate(one.get(10) for one in told)}
    got = {(message.partition, message.offset): message.value for message in read(kafka.consumer(topic), 100)}
    assert got == sent


def test_messages_with_one_key_share_a_partition_and_keep_their_order(kafka: Kafka) -> None:
    topic, producer = kafka.topic(partitions=4), kafka.producer()
    for number in range(40):
        producer.send(topic, b"%d" % number, key=b"p-%d" % (number % 5))
    producer.flush()
    messages = [message for message in read(kafka.consumer(topic), 40) if message.key == b"p-3"]
    assert len({message.partition for message in messages}) == 1
    assert [int(message.value) for message in messages] == [3, 8, 13, 18, 23, 28, 33, 38]


@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_messages_arrive_with_every_kind_of_acknowledgement(kafka: Kafka, acks: int | str) -> None:
    topic, producer = kafka.topic(), kafka.producer(acks=acks, enable_idempotence=False)
    for number in range(20):
        producer.send(topic, b"%d" % number)
    producer.flush(10)
    assert len(read(kafka.consumer(topic), 20)) == 20


def test_an_unknown_topic_is_made_by_the_first_send(kafka: Kafka) -> None:
    producer, topic = kafka.producer(), kafka.name("unheard")
    assert producer.send(topic, b"lamp").get(10).offset == 0


def test_compressed_messages_are_read_as_they_were_sent(kafka: Kafka) -> None:
    topic, producer = kafka.topic(), kafka.producer(compression_type="gzip")
    noise = os.urandom(900_000)
    producer.send(topic, b"a" * 500_000).get(10)
    producer.send(topic, noise).get(10)
    assert [message.value for message in read(kafka.consumer(topic), 2)] == [b"a" * 500_000, noise]


def test_a_message_above_the_limit_of_the_topic_is_refused(kafka: Kafka) -> None:
    topic, producer = kafka.topic(), kafka.producer(max_request_size=20_000_000)
    with pytest.raises(MessageSizeTooLargeError):
        producer.send(topic, b"a" * 3_000_000).get(10)


def test_many_small_messages_all_stay(kafka: Kafka) -> None:
    topic, producer = kafka.topic(), kafka.producer(linger_ms=20, batch_size=262_144)
    for _ in range(20_000):
        producer.send(topic, b"x" * 10)
    producer.flush(60)
    place = TopicPartition(topic, 0)
    reader = kafka.consumer()
    assert (reader.beginning_offsets([place])[place], reader.end_offsets([place])[place]) == (0, 20_000)


def test_a_waiting_reader_is_woken_by_a_message_and_not_by_its_own_timeout(kafka: Kafka) -> None:
    topic = kafka.topic()
    direct, waiting = kafka.direct(), kafka.consumer(topic, fetch_max_wait_ms=25_000)
    assert read(waiting, 1, patience_s=0.3) == []
    kafka.fill(topic, 1)
    assert len(read(waiting, 1, patience_s=10)) == 1
    assert direct.end_offsets(topic) == {0: 1}


def test_the_direct_reader_sees_what_a_consumer_sees(kafka: Kafka) -> None:
    topic, direct = kafka.topic(partitions=2), kafka.direct()
    kafka.fill(topic, 10, partitions=2)
    before = direct.end_offsets(topic)
    kafka.fill(topic, 4, partitions=2, first=10)
    assert before == {0: 5, 1: 5}
    assert [message.value for message in direct.messages(topic, before)] == [b"10", b"12", b"11", b"13"]
    assert len(direct.messages(topic)) == 14
