"""The naive version: it commits a message when it gets it, and packs then."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.structs import OffsetAndMetadata

from shop import Addresses, Event, is_drained, member


def naive_consume(at: Addresses) -> int:
    handled = 0
    with psycopg.connect(at.postgres, autocommit=True) as connection, closing(member(at)) as consumer:
        while not is_drained(consumer):
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    commit(consumer, record)
                    pack(connection, Event.decode(record.value))
                    handled += 1
    return handled


def commit(consumer: KafkaConsumer, record: ConsumerRecord) -> None:
    place = TopicPartition(record.topic, record.partition)
    consumer.commit({place: OffsetAndMetadata(record.offset + 1, "", -1)})


def pack(connection: psycopg.Connection, event: Event) -> None:
    connection.execute(
        "insert into parcel (purchase_id, version, item, quantity) values (%s, %s, %s, %s)",
        (event.purchase_id, event.version, event.payload["item"], event.payload["quantity"]),
    )
