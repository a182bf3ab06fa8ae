"""Every step is one statement that writes two tables, and one advisory lock lets one relay work."""

from __future__ import annotations

import psycopg
from kafka import KafkaProducer
from psycopg.types.json import Jsonb

from shop import TOPIC, Addresses, Event, PlaceOrder

RELAY_LOCK = 614


def place_order(at: Addresses, command: PlaceOrder) -> None:
    payload = {"buyer": command.buyer, "item": command.item, "quantity": command.quantity}
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        connection.execute(
            """
            with placed as (
                insert into purchase (id, buyer, item, quantity)
                values (%s, %s, %s, %s)
                on conflict (id) do nothing
                returning id, version
            )
            insert into outbox (purchase_id, version, kind, payload)
            select id, version, 'OrderPlaced', %s from placed
            """,
            (command.purchase_id, command.buyer, command.item, command.quantity, Jsonb(payload)),
        )


def relay(at: Addresses) -> int:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        if not connection.execute("select pg_try_advisory_lock(%s)", (RELAY_LOCK,)).fetchone()[0]:
            return 0
        rows = connection.execute(
            """
            select id, purchase_id, version, kind, payload
              from outbox
             where published_at is null
             order by id
            """
        ).fetchall()
        publish(at, connection, rows)
        return len(rows)


def publish(at: Addresses, connection: psycopg.Connection, rows: list[tuple]) -> None:
    producer = KafkaProducer(bootstrap_servers=at.kafka)
    try:
        for row_id, purchase_id, version, kind, payload in rows:
            event = Event(purchase_id=purchase_id, version=version, kind=kind, payload=payload)
            producer.send(TOPIC, key=event.key, value=event.encode()).get()
            connection.execute("update outbox set published_at = now() where id = %s", (row_id,))
    finally:
        producer.close()


def receive(at: Addresses, event: Event) -> None:
    if event.kind != "OrderPlaced":
        return
    lines = event.payload["items"] if event.schema >= 2 else [event.payload]
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        connection.execute(
            """
            with news as (
                insert into inbox (event_id) values (%(event_id)s) on conflict do nothing returning event_id
            )
            insert into shipment (purchase_id, item, quantity)
            select %(purchase_id)s, line.item, line.quantity
              from news, jsonb_to_recordset(%(lines)s) as line (item text, quantity integer)
            """,
            {"event_id": event.id, "purchase_id": event.purchase_id, "lines": Jsonb(lines)},
        )


def clean_up(at: Addresses, limit: int) -> int:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        return connection.execute(
            """
            with old as materialized (
                select id from outbox where published_at is not null limit %s for update skip locked
            )
            delete from outbox using old where outbox.id = old.id
            """,
            (limit,),
        ).rowcount
