"""The attempts are counted in the memory of the process."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.structs import OffsetAndMetadata

from shop import ATTEMPTS, DEAD_LETTERS, Addresses, Event, is_drained, member


def consume(at: Addresses) -> int:
    handled = 0
    with psycopg.connect(at.postgres, autocommit=True) as connection, closing(member(at)) as consumer:
        while not is_drained(consumer):
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    handle(at, connection, record)
                    commit(consumer, record)
                    handled += 1
    return handled


def commit(consumer: KafkaConsumer, record: ConsumerRecord) -> None:
    place = TopicPartition(record.topic, record.partition)
    consumer.commit({place: OffsetAndMetadata(record.offset + 1, "", -1)})


def handle(at: Addresses, connection: psycopg.Connection, record: ConsumerRecord) -> None:
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            return pack_once(connection, Event.decode(record.value))
        except (ValueError, psycopg.errors.RaiseException) as error:
            reason = str(error)
    set_aside(at, record, reason)


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


def set_aside(at: Addresses, record: ConsumerRecord, reason: str) -> None:
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    headers = [("reason", reason.encode()), ("origin", origin.encode())]
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(DEAD_LETTERS, key=record.key, value=record.value, headers=headers).get()
