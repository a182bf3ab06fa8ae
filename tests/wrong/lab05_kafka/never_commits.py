"""The inbox knows everything, so no offset is ever committed."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka.consumer.fetcher import ConsumerRecord

from shop import Addresses, Event, is_drained, member


def consume(at: Addresses) -> int:
    handled = 0
    with psycopg.connect(at.postgres, autocommit=True) as connection, closing(member(at)) as consumer:
        while not is_drained(consumer):
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    handle(at, connection, record)
                    handled += 1
    return handled


def handle(at: Addresses, connection: psycopg.Connection, record: ConsumerRecord) -> None:
    pack_once(connection, Event.decode(record.value))


def pack_once(connection: psycopg.Connection, event: Event) -> None:
    with connection.transaction():
        if first_time(connection, event):
            pack(connection, event)


def first_time(connection: psycopg.Connection, event: Event) -> bool:
    added = connection.execute("insert into inbox (event_id) values (%s) on conflict do nothing", (event.id,))
    return added.rowcount == 1


def pack(connection: psycopg.Connection, event: Event) -> None:
    connection.execute(
        "insert into parcel (purchase_id, version, item, quantity) values (%s, %s, %s, %s)",
        (event.purchase_id, event.version, event.payload["item"], event.payload["quantity"]),
    )
