"""Twelve small pipelines on the way from an order to a parcel, for day 7. Each is made of parts that are in use everywhere.

The first seven bring the order p-1 to the topic, and one message should come of it; two of them are called once, and the
others until they return. The last five bring it to the warehouse, and one parcel should come of it; they are called until
they return. A process that was killed starts again from the beginning.
"""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg

from shop.addresses import Addresses
from shop.events import TOPIC, Event

if TYPE_CHECKING:
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition

__all__ = ["ASKED_ONCE", "PIPELINES", "shown"]

ASKED_ONCE = ("p01", "p02")
"""Of these nobody asks again."""
ORDER = "insert into purchase (id, buyer, item, quantity) values ('p-1', 'Ada', 'lamp', 1) on conflict do nothing"
NOTE = "insert into outbox (purchase_id, version, kind, payload) values ('p-1', 1, 'OrderPlaced', '{}')"
WAITING = "select from outbox where published_at is null"
MARK = "update outbox set published_at = clock_timestamp()"
REMEMBER = "insert into inbox (event_id) values (%s) on conflict do nothing"
SHIP = "insert into shipment (purchase_id, item, quantity) values ('p-1', 'lamp', 1)"
EVENT = Event(purchase_id="p-1", version=1, kind="OrderPlaced", payload={})
READERS = "readers"


def p01(at: Addresses) -> None:
    """Commit, then send. Nobody asks again."""
    with psycopg.connect(at.postgres) as connection:
        connection.execute(ORDER)  # 1
        connection.commit()  # 2
        send(at)  # 3


def p02(at: Addresses) -> None:
    """Send, then commit. Nobody asks again."""
    with psycopg.connect(at.postgres) as connection:
        connection.execute(ORDER)  # 1
        send(at)  # 2
        connection.commit()  # 3


def p03(at: Addresses) -> None:
    """Commit, then send if the order is new. The browser asks until it is answered."""
    with psycopg.connect(at.postgres) as connection:
        is_new = connection.execute(ORDER).rowcount == 1  # 1
        connection.commit()  # 2
        if is_new:
            send(at)  # 3


def p04(at: Addresses) -> None:
    """Commit, then send in any case. The browser asks until it is answered."""
    with psycopg.connect(at.postgres) as connection:
        connection.execute(ORDER)  # 1
        connection.commit()  # 2
        send(at)  # 3


def p05(at: Addresses) -> None:
    """Order and event in one transaction; the relay sends, waits for the acknowledgement, marks."""
    with psycopg.connect(at.postgres) as connection:
        order_with_event(connection)  # 1, 2, 3
        if waits(connection):
            send(at)  # 4
            mark(connection)  # 5, 6


def p06(at: Addresses) -> None:
    """Order and event in one transaction; the relay puts the message into its producer's buffer, marks, and flushes."""
    with psycopg.connect(at.postgres) as connection, producing(at, linger_ms=60_000) as producer:
        order_with_event(connection)  # 1, 2, 3
        if waits(connection):
            producer.send(TOPIC, key=EVENT.key, value=EVENT.encode())
            mark(connection)  # 4, 5
            producer.flush()  # 6


def p07(at: Addresses) -> None:
    """Order and event in one transaction; the relay publishes in a Kafka transaction ("exactly once"), then marks."""
    with psycopg.connect(at.postgres) as connection, producing(at, transactional_id="relay") as producer:
        order_with_event(connection)  # 1, 2, 3
        if waits(connection):
            producer.init_transactions()
            producer.begin_transaction()
            producer.send(TOPIC, key=EVENT.key, value=EVENT.encode()).get()  # 4, 5
            producer.commit_transaction()  # 6
            mark(connection)  # 7, 8


def p08(at: Addresses) -> None:
    """For each message: commit the offset, then ship."""
    with psycopg.connect(at.postgres) as connection, reading(at) as messages:
        for _, commit_offset in messages:
            commit_offset()  # 1
            connection.execute(SHIP)  # 2
            connection.commit()  # 3


def p09(at: Addresses) -> None:
    """For each message: ship, then commit the offset."""
    with psycopg.connect(at.postgres) as connection, reading(at) as messages:
        for _, commit_offset in messages:
            connection.execute(SHIP)  # 1
            connection.commit()  # 2
            commit_offset()  # 3


def p10(at: Addresses) -> None:
    """For each message: inbox and shipment in one transaction, then commit the offset."""
    with psycopg.connect(at.postgres) as connection, reading(at) as messages:
        for event_id, commit_offset in messages:
            ship_once(connection, event_id)  # 1, 2, 3
            commit_offset()  # 4


def p11(at: Addresses) -> None:
    """An outbox, a relay that gives each message an id of its own, and an inbox that knows messages by that id."""
    with psycopg.connect(at.postgres) as connection:
        order_with_event(connection)  # 1, 2, 3
        if waits(connection):
            send(at, message_id=str(uuid.uuid4()))  # 4
            mark(connection)  # 5, 6
    deliver(at)  # 7, 8, 9, 10


def p12(at: Addresses) -> None:
    """An outbox, a relay, and an inbox that knows messages by the id of their event."""
    with psycopg.connect(at.postgres) as connection:
        order_with_event(connection)  # 1, 2, 3
        if waits(connection):
            send(at)  # 4
            mark(connection)  # 5, 6
    deliver(at)  # 7, 8, 9, 10


PIPELINES = (p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12)
"""In the order in which the lab asks about them."""


def shown(name: str) -> str:
    """The source of one pipeline."""
    return inspect.getsource(next(pipeline for pipeline in PIPELINES if pipeline.__name__ == name))


# ---- what they are made of


def order_with_event(connection: psycopg.Connection) -> None:
    """The order and its event, in one transaction; both are new, or neither."""
    if connection.execute(ORDER).rowcount == 1:
        connection.execute(NOTE)
    connection.commit()


def waits(connection: psycopg.Connection) -> bool:
    """Does an event wait in the outbox?"""
    return connection.execute(WAITING).fetchone() is not None


def mark(connection: psycopg.Connection) -> None:
    """The event counts as published."""
    connection.execute(MARK)
    connection.commit()


@contextmanager
def producing(at: Addresses, **settings: object) -> Iterator[KafkaProducer]:
    """A producer; whatever is left in its buffer is sent when it is closed."""
    from kafka import KafkaProducer

    with closing(KafkaProducer(bootstrap_servers=at.kafka, **settings)) as producer:
        yield producer


def send(at: Addresses, message_id: str = EVENT.id) -> None:
    """Send the message, and wait until Kafka has it."""
    headers = [("id", message_id.encode())]
    with producing(at) as producer:
        producer.send(TOPIC, key=EVENT.key, value=EVENT.encode(), headers=headers).get()


def ship_once(connection: psycopg.Connection, event_id: str) -> None:
    """The inbox decides whether this message is new, in the shipment's transaction."""
    if connection.execute(REMEMBER, [event_id]).rowcount == 1:
        connection.execute(SHIP)
    connection.commit()


def deliver(at: Addresses) -> None:
    """Every message of the topic reaches the inbox."""
    with psycopg.connect(at.postgres) as connection, reading(at) as messages:
        for event_id, commit_offset in messages:
            ship_once(connection, event_id)
            commit_offset()


@contextmanager
def reading(at: Addresses) -> Iterator[Iterator[tuple[str, Callable[[], None]]]]:
    """The messages behind the committed offsets: for each its id, and how to commit the offset behind it."""
    from kafka import KafkaConsumer

    settings = {"group_id": READERS, "enable_auto_commit": False, "auto_offset_reset": "earliest"}
    with closing(KafkaConsumer(bootstrap_servers=at.kafka, **settings)) as consumer:
        yield _messages(consumer)


def _messages(consumer: KafkaConsumer) -> Iterator[tuple[str, Callable[[], None]]]:
    from kafka import TopicPartition

    places = [TopicPartition(TOPIC, number) for number in sorted(consumer.partitions_for_topic(TOPIC))]
    consumer.assign(places)
    ends = consumer.end_offsets(places)
    while any(consumer.position(place) < ends[place] for place in places):
        for place, records in consumer.poll(timeout_ms=500).items():
            for record in records:
                message_id = dict(record.headers).get("id", EVENT.id.encode()).decode()
                yield message_id, lambda place=place, record=record: _commit(consumer, place, record.offset + 1)


def _commit(consumer: KafkaConsumer, place: TopicPartition, offset: int) -> None:
    from kafka.structs import OffsetAndMetadata

    consumer.commit({place: OffsetAndMetadata(offset, "", -1)})
