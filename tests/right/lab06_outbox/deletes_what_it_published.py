"""The relay deletes the row in the transaction that waits for the ack, in place of marking it."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaProducer
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shop import TOPIC, Addresses, Event, PlaceOrder


def place_order(at: Addresses, command: PlaceOrder) -> None:
    payload = {"buyer": command.buyer, "item": command.item, "quantity": command.quantity}
    with psycopg.connect(at.postgres) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            insert into purchase (id, buyer, item, quantity)
            values (%s, %s, %s, %s)
            on conflict do nothing
            returning id
            """,
            (command.purchase_id, command.buyer, command.item, command.quantity),
        )
        if cursor.fetchone():
            cursor.execute(
                "insert into outbox (purchase_id, version, kind, payload) values (%s, 1, 'OrderPlaced', %s)",
                (command.purchase_id, Jsonb(payload)),
            )


def relay(at: Addresses) -> int:
    with psycopg.connect(at.postgres) as connection:
        events = take_all(connection)
        if events:
            publish(at, events)
        return len(events)


def take_all(connection: psycopg.Connection) -> list[Event]:
    """Delete what is there and hand it out in order; a second relay waits here until the first one has committed."""
    cursor = connection.cursor(row_factory=class_row(Event))
    cursor.execute("delete from outbox where published_at is null returning purchase_id, version, kind, payload")
    return sorted(cursor.fetchall(), key=lambda event: (event.purchase_id, event.version))


def publish(at: Addresses, events: list[Event]) -> None:
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        for event in events:
            producer.send(TOPIC, key=event.key, value=event.encode()).get()


def receive(at: Addresses, event: Event) -> None:
    with psycopg.connect(at.postgres) as connection:
        if event.kind == "OrderPlaced" and is_news(connection, event):
            with connection.cursor() as cursor:
                cursor.executemany(
                    "insert into shipment (purchase_id, item, quantity) values (%s, %s, %s)",
                    [(event.purchase_id, line["item"], line["quantity"]) for line in lines(event)],
                )


def is_news(connection: psycopg.Connection, event: Event) -> bool:
    statement = "insert into inbox (event_id) values (%s) on conflict do nothing returning event_id"
    return connection.execute(statement, (event.id,)).fetchone() is not None


def lines(event: Event) -> list[dict]:
    return event.payload["items"] if event.schema >= 2 else [event.payload]
