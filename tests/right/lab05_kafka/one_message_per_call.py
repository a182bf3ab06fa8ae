"""A consumer of its own, one message in a call, and a failed attempt ends the call with its error."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaConsumer, KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord

from shop import ATTEMPTS, DEAD_LETTERS, TOPIC, Addresses, Event


def consume(at: Addresses) -> int:
    consumer = KafkaConsumer(
        TOPIC,
        bootstrap_servers=at.kafka,
        group_id="warehouse",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=1,
        consumer_timeout_ms=400,
    )
    with psycopg.connect(at.postgres) as connection, closing(consumer):
        for record in consumer:
            handle(at, connection, record)
            consumer.commit()  # the one message that was read
            return 1
    return 0


def handle(at: Addresses, connection: psycopg.Connection, record: ConsumerRecord) -> None:
    try:
        event = Event.decode(record.value)
    except ValueError as error:
        return set_aside(at, record, repr(error))
    failed, reason = failures(connection, event)
    if failed >= ATTEMPTS:
        return set_aside(at, record, reason)
    try:
        if first_time(connection, event):
            pack(connection, event)
        connection.commit()
    except psycopg.errors.RaiseException as error:
        connection.rollback()
        count_failure(connection, event, error)
        connection.commit()
        raise


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
    return {"key": "purchase", "partitions": 20}


def losses() -> dict[str, str]:
    return {"A": "m4 m5", "B": "none", "C": "m4 m5", "D": "none", "E": "m4 m5", "F": "m3 m4 m5", "G": "1", "H": "2"}
