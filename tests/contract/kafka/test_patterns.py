"""What the course builds on Kafka: read, act, pass on; set aside what is poison; see how far behind one is."""

from __future__ import annotations

import time

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from tests.contract.kafka.cluster import Kafka, read, until

POISON = b"bad"


def place(topic: str) -> TopicPartition:
    return TopicPartition(topic, 0)


def pass_on(consumer: KafkaConsumer, producer: KafkaProducer, target: str, count: int) -> list[bytes]:
    """Read messages and send them on, together with how far that brought the group, in one transaction."""
    messages = read(consumer, count)
    producer.begin_transaction()
    for message in messages:
        producer.send(target, message.value)
    reached = {place(messages[0].topic): OffsetAndMetadata(messages[-1].offset + 1, "", -1)}
    producer.send_offsets_to_transaction(reached, consumer.group_metadata())
    return [message.value for message in messages]


def test_who_dies_between_passing_on_and_committing_leaves_nothing_twice_and_loses_nothing(kafka: Kafka) -> None:
    source, target, group, name = kafka.topic(), kafka.topic(), kafka.name("warehouse"), kafka.name("relay")
    kafka.fill(source, 10)
    for number, commits in enumerate((True, False, True)):
        consumer = kafka.consumer(source, group_id=group, max_poll_records=5)
        producer = kafka.producer(transactional_id=name)
        producer.init_transactions()
        passed = pass_on(consumer, producer, target, 5)
        assert passed == [b"%d" % value for value in (range(5) if number == 0 else range(5, 10))]
        if commits:
            producer.commit_transaction()
        # Without its commit it is as if it had died here: the next one fences it, and its messages are never seen.
        kafka.direct().leave(group, consumer.group_metadata().member_id)
    assert until(lambda: [one.value for one in kafka.direct().messages(target, committed=True)] == [
        b"%d" % number for number in range(10)])


def test_poison_is_set_aside_with_where_it_came_from_and_the_rest_goes_on(kafka: Kafka) -> None:
    orders, dead, group = kafka.topic(), kafka.topic(), kafka.name("warehouse")
    producer, done = kafka.producer(), []
    for value in (b"lamp", POISON, b"mug"):
        producer.send(orders, value)
    producer.flush()
    consumer = kafka.consumer(orders, group_id=group)
    for message in read(consumer, 3):
        if message.value == POISON:
            origin = f"{message.topic}/{message.partition}/{message.offset}".encode()
            producer.send(dead, message.value, headers=[("from", origin)]).get(10)
        else:
            done.append(message.value)
    consumer.commit()
    (aside,) = read(kafka.consumer(dead), 1)
    assert (done, aside.value, aside.headers) == ([b"lamp", b"mug"], POISON, [("from", f"{orders}/0/1".encode())])
    assert consumer.committed(place(orders)) == 3


def test_how_far_behind_a_group_is_can_be_told_from_outside(kafka: Kafka) -> None:
    topic, group = kafka.topic(), kafka.name("warehouse")
    kafka.fill(topic, 8)
    consumer = kafka.consumer(topic, group_id=group, max_poll_records=3)
    seen = read(consumer, 3)
    consumer.commit()
    committed = kafka.admin().list_group_offsets({group: None})[group][place(topic)].offset
    assert kafka.direct().end_offsets(topic)[0] - committed == 8 - len(seen)


def test_what_is_paused_is_not_read_until_it_goes_on(kafka: Kafka) -> None:
    topic = kafka.topic(partitions=2)
    kafka.fill(topic, 4, partitions=2)
    reader, held = kafka.consumer(), TopicPartition(topic, 1)
    reader.assign([place(topic), held])
    reader.pause(held)
    assert [message.value for message in read(reader, 2)] == [b"0", b"2"]
    assert read(reader, 1, patience_s=0.3) == []
    reader.resume(held)
    assert [message.value for message in read(reader, 2)] == [b"1", b"3"]


def test_offsets_that_are_committed_by_themselves_are_those_of_the_poll_before(kafka: Kafka) -> None:
    topic, group = kafka.topic(), kafka.name("warehouse")
    kafka.fill(topic, 6)
    consumer = kafka.consumer(topic, group_id=group, enable_auto_commit=True, auto_commit_interval_ms=20)
    assert len(read(consumer, 6)) == 6
    assert until(lambda: consumer.poll(timeout_ms=50) or consumer.committed(place(topic)) == 6)


@pytest.mark.only_in("embedded", "native")
def test_old_messages_are_kept_as_long_as_they_share_a_segment_with_a_newer_one(kafka: Kafka) -> None:
    alone, shared = kafka.topic(retention_ms="60000"), kafka.topic(retention_ms="60000")
    producer, long_ago_ms = kafka.producer(), time.time_ns() // 1_000_000 - 3_600_000
    for topic in (alone, shared):
        producer.send(topic, b"old", timestamp_ms=long_ago_ms).get(10)
    producer.send(shared, b"new").get(10)
    reader = kafka.consumer()
    assert until(lambda: reader.beginning_offsets([place(alone)])[place(alone)] == 1)
    assert reader.beginning_offsets([place(shared)])[place(shared)] == 0
