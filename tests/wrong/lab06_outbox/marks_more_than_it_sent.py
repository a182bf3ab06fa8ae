"""The relay sends what it has read, and then marks whatever is unmarked by then."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaProducer
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shop import TOPIC, Addresses, Event, PlaceOrder


def place_order(at: Addresses, command: PlaceOrder) -> None:
    with psycopg.connect(at.postgres) as connection:
        if add_purchase(connection, command):
            add_order_placed(connection, command)


def add_purchase(connection: psycopg.Connection, command: PlaceOrder) -> bool:
    added = connection.execute(
        "insert into purchase (id, buyer, item, quantity) values (%s, %s, %s, %s) on conflict (id) do nothing",
        (command.purchase_id, command.buyer, command.item, command.quantity),
    )
    return added.rowcount == 1


def add_order_placed(connection: psycopg.Connection, command: PlaceOrder) -> None:
    payload = {"buyer": command.buyer, "item": command.item, "quantity": command.quantity}
    connection.execute(
        "insert into outbox (purchase_id, version, kind, payload) values (%s, 1, 'OrderPlaced', %s)",
        (command.purchase_id, Jsonb(payload)),
    )


def relay(at: Addresses) -> int:
    with psycopg.connect(at.postgres) as connection, closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        connection.execute("select pg_advisory_xact_lock(6)")
        waiting = unpublished(connection)
        for event in waiting:
            producer.send(TOPIC, key=event.key, value=event.encode()).get()
        connection.execute("update outbox set published_at = clock_timestamp() where published_at is null")
    return len(waiting)


def unpublished(connection: psycopg.Connection) -> list[Event]:
    cursor = connection.cursor(row_factory=class_row(Event))
    return cursor.execute(
        """
        select purchase_id, version, kind, payload
          from outbox
         where published_at is null
         order by id
        """
    ).fetchall()


def receive(at: Addresses, event: Event) -> None:
    if event.kind != "OrderPlaced":
        return
    with psycopg.connect(at.postgres) as connection:
        added = connection.execute("insert into inbox (event_id) values (%s) on conflict do nothing", (event.id,))
        if added.rowcount == 1:
            ship(connection, event)


def ship(connection: psycopg.Connection, event: Event) -> None:
    for line in event.payload["items"] if event.schema >= 2 else [event.payload]:
        connection.execute(
            "insert into shipment (purchase_id, item, quantity) values (%s, %s, %s)",
            (event.purchase_id, line["item"], line["quantity"]),
        )
