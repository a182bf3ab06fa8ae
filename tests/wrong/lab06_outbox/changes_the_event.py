"""The relay publishes every event as an OrderPlaced, whatever it was."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

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
    published = 0
    with psycopg.connect(at.postgres) as connection, closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        while event := claim(connection):
            told = replace(event, kind="OrderPlaced")
            producer.send(TOPIC, key=told.key, value=told.encode()).get()
            mark_published(connection, event)
            connection.commit()
            published += 1
    return published


def claim(connection: psycopg.Connection) -> Event | None:
    cursor = connection.cursor(row_factory=class_row(Event))
    cursor.execute(
        """
        select purchase_id, version, kind, payload
          from outbox as event
         where published_at is null
           and not exists (select from outbox as older
                            where older.purchase_id = event.purchase_id
                              and older.version < event.version
                              and older.published_at is null)
         order by id
         limit 1
           for update skip locked
        """
    )
    return cursor.fetchone()


def mark_published(connection: psycopg.Connection, event: Event) -> None:
    connection.execute(
        "update outbox set published_at = clock_timestamp() where purchase_id = %s and version = %s",
        (event.purchase_id, event.version),
    )


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
