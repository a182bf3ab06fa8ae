"""A batch is handled in the order of its event ids, as text."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.structs import OffsetAndMetadata

from shop import Addresses, Event, is_drained, member


def consume(at: Addresses) -> int:
    handled = 0
    with psycopg.connect(at.postgres, autocommit=True) as connection, closing(member(at)) as consumer:
        while not is_drained(consumer):
            for records in consumer.poll(timeout_ms=500).values():
                for event in sorted((Event.decode(record.value) for record in records), key=lambda event: event.id):
                    pack_once(connection, event)
                commit(consumer, records[-1])
                handled += len(records)
    return handled


def commit(consumer: KafkaConsumer, record: ConsumerRecord) -> None:
    place = TopicPartition(record.topic, record.partition)
    consumer.commit({place: OffsetAndMetadata(record.offset + 1, "", -1)})


def pack_once(connection: psycopg.Connection, event: Event) -> None:
    with connection.transaction():
        if first_time(connection, event):
            pack(connection, event)


def first_time(connection: psycopg.Connection, event: Event) -> bool:
    added = connection.execute("insert into inbox (event_id) values (%s) on conflict do nothing", (event.id,))
    return added.rowcount == 1


def pack(connection: psycopg.Connection, event: Event) -> None:
    connection.execute(
        "insert into parcel (purchase_id, version, item, quantity) values (%s, %s, %s, %s)",
        (event.purchase_id, event.version, event.payload["item"], event.payload["quantity"]),
    )
