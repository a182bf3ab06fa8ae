"""Places in a log: seeking, ends, times, trimming and retention."""

from __future__ import annotations

import time

from kafka import TopicPartition

from tests.contract.kafka.cluster import Kafka, read

NOW_MS = time.time_ns() // 1_000_000 - 60_000
"""A minute ago: Kafka takes no message from far in the future, and may drop very old ones at once."""


def test_beginning_and_end_are_where_messages_begin_and_end(kafka: Kafka) -> None:
    topic = kafka.topic(partitions=2)
    kafka.fill(topic, 20, partitions=2)
    places = [TopicPartition(topic, 0), TopicPartition(topic, 1)]
    reader = kafka.consumer()
    assert set(reader.beginning_offsets(places).values()) == {0}
    assert set(reader.end_offsets(places).values()) == {10}


def test_a_reader_goes_where_it_seeks(kafka: Kafka) -> None:
    topic, reader = kafka.topic(), kafka.consumer()
    kafka.fill(topic, 10)
    place = TopicPartition(topic, 0)
    reader.assign([place])
    reader.seek(place, 7)
    assert [message.offset for message in read(reader, 3)] == [7, 8, 9]
    reader.seek_to_beginning(place)
    assert len(read(reader, 10)) == 10
    reader.seek_to_end(place)
    assert reader.position(place) == 10


def test_a_time_leads_to_the_first_message_from_then_on(kafka: Kafka) -> None:
    topic, producer, reader = kafka.topic(), kafka.producer(), kafka.consumer()
    for number in range(10):
        producer.send(topic, b"%d" % number, timestamp_ms=NOW_MS + number * 1000).get(10)
    place = TopicPartition(topic, 0)
    found = reader.offsets_for_times({place: NOW_MS + 4500})
    assert (found[place].offset, found[place].timestamp) == (5, NOW_MS + 5000)
    assert reader.offsets_for_times({place: NOW_MS + 9001}) == {place: None}


def test_deleted_records_are_gone_and_a_reader_behind_them_goes_on_at_the_new_start(kafka: Kafka) -> None:
    topic, place = kafka.topic(), None
    kafka.fill(topic, 10)
    place = TopicPartition(topic, 0)
    kafka.admin().delete_records({place: 6})
    reader = kafka.consumer()
    reader.assign([place])
    reader.seek(place, 0)
    assert reader.beginning_offsets([place]) == {place: 6}
    assert [message.offset for message in read(reader, len("6789"))] == [6, 7, 8, 9]


def test_a_new_reader_at_latest_sees_only_what_comes(kafka: Kafka) -> None:
    topic = kafka.topic()
    kafka.fill(topic, 3)
    place = TopicPartition(topic, 0)
    reader = kafka.consumer(auto_offset_reset="latest")
    reader.assign([place])
    assert reader.position(place) == 3
    kafka.fill(topic, 1, first=3)
    assert [message.value for message in read(reader, 1)] == [b"3"]
