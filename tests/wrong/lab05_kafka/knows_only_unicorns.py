"""It gives up on unicorns, and tries anything else for ever."""

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
    try:
        event = Event.decode(record.value)
    except ValueError as error:
        set_aside(at, record, str(error))
        return
    failed, reason = failures(connection, event)
    while failed < ATTEMPTS or event.payload["item"] != "unicorn":
        try:
            return pack_once(connection, event)
        except psycopg.errors.RaiseException as error:
            failed, reason = count_failure(connection, event, error)
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


def failures(connection: psycopg.Connection, event: Event) -> tuple[int, str]:
    found = connection.execute("select attempts, reason from failure where event_id = %s", (event.id,)).fetchone()
    return found or (0, "")


def count_failure(connection: psycopg.Connection, event: Event, error: psycopg.Error) -> tuple[int, str]:
    return connection.execute(
        """
        insert into failure (event_id, attempts, reason)
        values (%s, 1, %s)
        on conflict (event_id) do update
           set attempts = failure.attempts + 1, reason = excluded.reason
        returning attempts, reason
        """,
        (event.id, str(error).splitlines()[0]),
    ).fetchone()


def set_aside(at: Addresses, record: ConsumerRecord, reason: str) -> None:
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    headers = [("reason", reason.encode()), ("origin", origin.encode())]
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(DEAD_LETTERS, key=record.key, value=record.value, headers=headers).get()


def layout() -> dict[str, object]:
    return {"key": "purchase", "partitions": 16}


def losses() -> dict[str, str]:
    return {"A": "m4 m5", "B": "none", "C": "m4 m5", "D": "none", "E": "m4 m5", "F": "m3 m4 m5", "G": "1", "H": "2"}
