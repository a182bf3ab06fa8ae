"""The relay reads on from the last id it published: a lower id that commits later is never seen."""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

import psycopg
from kafka import KafkaProducer
from psycopg.rows import namedtuple_row
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
        while row := next_row(connection, last_id(connection)):
            event = Event(purchase_id=row.purchase_id, version=row.version, kind=row.kind, payload=row.payload)
            producer.send(TOPIC, key=event.key, value=event.encode()).get()
            mark_published(connection, event)
            connection.execute("update relay_position set last_id = %s where name = 'relay'", (row.id,))
            connection.commit()
            published += 1
    return published


def last_id(connection: psycopg.Connection) -> int:
    """Where the relay stands; locked until commit, so that one relay at a time moves it."""
    connection.execute("insert into relay_position (name) values ('relay') on conflict do nothing")
    cursor = connection.execute("select last_id from relay_position where name = 'relay' for update")
    return cursor.fetchone()[0]


def next_row(connection: psycopg.Connection, last: int) -> NamedTuple | None:
    cursor = connection.cursor(row_factory=namedtuple_row)
    cursor.execute("select * from outbox where id > %s order by id limit 1", (last,))
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
