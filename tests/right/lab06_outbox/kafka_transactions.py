"""The relay publishes in Kafka transactions: a younger relay fences the older one, and no row is locked."""

from __future__ import annotations

import psycopg
from kafka import KafkaProducer
from kafka.errors import InvalidProducerEpochError, ProducerFencedError
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shop import TOPIC, Addresses, Event, PlaceOrder


def place_order(at: Addresses, command: PlaceOrder) -> None:
    try:
        with psycopg.connect(at.postgres) as connection:
            insert_order_and_event(connection, command)
    except UniqueViolation:
        pass  # an earlier attempt has committed both


def insert_order_and_event(connection: psycopg.Connection, command: PlaceOrder) -> None:
    connection.execute(
        "insert into purchase (id, buyer, item, quantity) values (%s, %s, %s, %s)",
        (command.purchase_id, command.buyer, command.item, command.quantity),
    )
    connection.execute(
        "insert into outbox (purchase_id, version, kind, payload) values (%s, 1, 'OrderPlaced', %s)",
        (command.purchase_id, Jsonb({"buyer": command.buyer, "item": command.item, "quantity": command.quantity})),
    )


def relay(at: Addresses) -> int:
    producer = KafkaProducer(bootstrap_servers=at.kafka, transactional_id="relay-of-the-order-service")
    try:
        producer.init_transactions()
        with psycopg.connect(at.postgres, autocommit=True) as connection:
            return publish_all(connection, producer)
    except (ProducerFencedError, InvalidProducerEpochError):
        return 0
    finally:
        producer.close()


relay_alone = relay


def publish_all(connection: psycopg.Connection, producer: KafkaProducer) -> int:
    cursor = connection.cursor(row_factory=class_row(Event))
    cursor.execute("select purchase_id, version, kind, payload from outbox where published_at is null order by version")
    events = cursor.fetchall()
    if events:
        producer.begin_transaction()
        acks = [producer.send(TOPIC, key=event.key, value=event.encode()) for event in events]
        for ack in acks:
            ack.get()
        producer.commit_transaction()
    for event in events:
        mark_published(connection, event)
    return len(events)


def mark_published(connection: psycopg.Connection, event: Event) -> None:
    connection.execute(
        "update outbox set published_at = now() where purchase_id = %s and version = %s",
        (event.purchase_id, event.version),
    )


def receive(at: Addresses, event: Event) -> None:
    if event.kind != "OrderPlaced":
        return
    try:
        with psycopg.connect(at.postgres) as connection:
            connection.execute("insert into inbox (event_id) values (%s)", (event.id,))
            for line in event.payload.get("items") or [event.payload]:
                ship(connection, event, line)
    except UniqueViolation:
        pass  # shipped already, in the transaction that remembered the event


def ship(connection: psycopg.Connection, event: Event, line: dict) -> None:
    connection.execute(
        "insert into shipment (purchase_id, item, quantity) values (%s, %s, %s)",
        (event.purchase_id, line["item"], line["quantity"]),
    )
