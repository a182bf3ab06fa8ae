"""The relay locks nothing: two relays publish twice, each in order, so the first appearances are in order."""

from __future__ import annotations

import psycopg
from kafka import KafkaProducer
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from shop import TOPIC, Addresses, Event, PlaceOrder


def place_order(at: Addresses, command: PlaceOrder) -> None:
    with psycopg.connect(at.postgres, autocommit=True) as connection, connection.transaction():
        known = connection.execute(
            "insert into purchase (id, buyer, item, quantity) values (%s, %s, %s, %s) on conflict (id) do nothing",
            (command.purchase_id, command.buyer, command.item, command.quantity),
        )
        payload = {"buyer": command.buyer, "item": command.item, "quantity": command.quantity}
        if known.rowcount:
            connection.execute(
                "insert into outbox (purchase_id, version, kind, payload) values (%s, 1, 'OrderPlaced', %s)",
                (command.purchase_id, Jsonb(payload)),
            )


def relay(at: Addresses) -> int:
    producer = KafkaProducer(bootstrap_servers=at.kafka, acks="all")
    with psycopg.connect(at.postgres, autocommit=True, row_factory=dict_row) as connection:
        rows = connection.execute("select * from outbox where published_at is null order by id").fetchall()
        for row in rows:
            event = Event(**{name: row[name] for name in ("purchase_id", "version", "kind", "payload")})
            producer.send(TOPIC, key=event.key, value=event.encode()).get()
            connection.execute("update outbox set published_at = now() where id = %s", (row["id"],))
    producer.close()
    return len(rows)


def receive(at: Addresses, event: Event) -> None:
    if event.kind != "OrderPlaced":
        return
    with psycopg.connect(at.postgres) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (event.id,))
        if connection.execute("select from inbox where event_id = %s", (event.id,)).rowcount == 0:
            connection.execute("insert into inbox (event_id) values (%s)", (event.id,))
            for line in event.payload["items"] if event.schema == 2 else [event.payload]:
                connection.execute(
                    "insert into shipment (purchase_id, item, quantity) values (%s, %s, %s)",
                    (event.purchase_id, line["item"], line["quantity"]),
                )
