"""SERIALIZABLE transactions, repeated when refused; the relay claims the purchase's own row."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import psycopg
from kafka import KafkaProducer
from psycopg import IsolationLevel
from psycopg.errors import SerializationFailure, UniqueViolation
from psycopg.types.json import Jsonb

from shop import TOPIC, Addresses, Event, PlaceOrder


def serializable(at: Addresses, work: Callable[[psycopg.Connection], None]) -> None:
    """Run the work in one SERIALIZABLE transaction, again and again while another one stands in its way."""
    with psycopg.connect(at.postgres) as connection:
        connection.isolation_level = IsolationLevel.SERIALIZABLE
        while True:
            try:
                with connection.transaction():
                    return work(connection)
            except (SerializationFailure, UniqueViolation):
                continue


def place_order(at: Addresses, command: PlaceOrder) -> None:
    def work(connection: psycopg.Connection) -> None:
        if connection.execute("select from purchase where id = %s", (command.purchase_id,)).rowcount:
            return
        connection.execute(
            "insert into purchase (id, buyer, item, quantity) values (%s, %s, %s, %s)",
            (command.purchase_id, command.buyer, command.item, command.quantity),
        )
        connection.execute(
            "insert into outbox (purchase_id, version, kind, payload) values (%s, 1, 'OrderPlaced', %s)",
            (command.purchase_id, Jsonb({"buyer": command.buyer, "item": command.item, "quantity": command.quantity})),
        )

    serializable(at, work)


def relay(at: Addresses) -> int:
    published = 0
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer, psycopg.connect(at.postgres) as connection:
        while purchase := claim(connection):
            events = unpublished(connection, purchase)
            for event in events:
                producer.send(TOPIC, key=event.key, value=event.encode()).get()
            connection.execute(
                "update outbox set published_at = now() where purchase_id = %s and version = any(%s)",
                (purchase, [event.version for event in events]),
            )
            connection.commit()
            published += len(events)
    return published


def claim(connection: psycopg.Connection) -> str | None:
    row = connection.execute(
        """
        select id
          from purchase
         where exists (select from outbox where purchase_id = purchase.id and published_at is null)
         order by id
         limit 1
           for no key update skip locked
        """
    ).fetchone()
    return row[0] if row else None


def unpublished(connection: psycopg.Connection, purchase: str) -> list[Event]:
    """Read after the claim, with a snapshot of its own: what the last holder has marked is not seen again."""
    rows = connection.execute(
        "select version, kind, payload from outbox where purchase_id = %s and published_at is null order by version",
        (purchase,),
    )
    return [Event(purchase_id=purchase, version=version, kind=kind, payload=payload) for version, kind, payload in rows]


def receive(at: Addresses, event: Event) -> None:
    def work(connection: psycopg.Connection) -> None:
        if connection.execute("select from inbox where event_id = %s", (event.id,)).rowcount:
            return
        connection.execute("insert into inbox (event_id) values (%s)", (event.id,))
        for line in event.payload.get("items", [event.payload]):
            connection.execute(
                "insert into shipment (purchase_id, item, quantity) values (%s, %s, %s)",
                (event.purchase_id, line["item"], line["quantity"]),
            )

    if event.kind == "OrderPlaced":
        serializable(at, work)
