"""The offset is kept beside the effect, in one transaction; what Kafka has committed is for the eye only."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from shop import ATTEMPTS, DEAD_LETTERS, Addresses, Event, is_drained, member


def consume(at: Addresses) -> int:
    handled = 0
    with psycopg.connect(at.postgres, autocommit=True) as connection, closing(member(at)) as consumer:
        for place in consumer.assignment():
            consumer.seek(place, position(connection, place))
        while not is_drained(consumer):
            for place, records in consumer.poll(timeout_ms=500).items():
                for record in records:
                    if not handle(at, connection, place, record):
                        return handled  # another consumer has taken this Kafka partition over
                    handled += 1
        consumer.commit()
    return handled


def position(connection: psycopg.Connection, place: TopicPartition) -> int:
    return connection.execute(
        """
        insert into position (topic, partition)
        values (%s, %s)
        on conflict (topic, partition) do update
           set topic = excluded.topic
        returning next_offset
        """,
        (place.topic, place.partition),
    ).fetchone()[0]


def move_on(connection: psycopg.Connection, record: ConsumerRecord) -> bool:
    """Take this message: False when another consumer has been here."""
    moved = connection.execute(
        """
        update position
           set next_offset = %s
         where topic = %s
           and partition = %s
           and next_offset = %s
        """,
        (record.offset + 1, record.topic, record.partition, record.offset),
    )
    return moved.rowcount == 1


def handle(at: Addresses, connection: psycopg.Connection, place: TopicPartition, record: ConsumerRecord) -> bool:
    try:
        event = Event.decode(record.value)
    except ValueError as error:
        return set_aside(at, record, str(error)) and move_on(connection, record)
    failed, reason = failures(connection, event)
    while failed < ATTEMPTS:
        try:
            with connection.transaction():
                taken = move_on(connection, record)
                if taken:
                    pack(connection, event)
            return taken
        except psycopg.errors.RaiseException as error:
            failed, reason = count_failure(connection, event, error)
    return set_aside(at, record, reason) and move_on(connection, record)


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


def set_aside(at: Addresses, record: ConsumerRecord, reason: str) -> bool:
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    headers = [("reason", reason.encode()), ("origin", origin.encode())]
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(DEAD_LETTERS, key=record.key, value=record.value, headers=headers).get()
    return True


def layout() -> dict[str, object]:
    return {"key": "purchase", "partitions": 16}


def losses() -> dict[str, str]:
    return {"A": "m4 m5", "B": "none", "C": "m4 m5", "D": "none", "E": "m4 m5", "F": "m3 m4 m5", "G": "1", "H": "2"}
