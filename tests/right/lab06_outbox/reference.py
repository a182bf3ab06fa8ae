"""The event is committed with its order; a relay claims the oldest event of a purchase, sends it, marks it."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaProducer
from kafka.errors import InvalidProducerEpochError, ProducerFencedError
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shop import TOPIC, Addresses, Event, PlaceOrder


def place_order(at: Addresses, command: PlaceOrder) -> None:
    with psycopg.connect(at.postgres) as connection:
        if add_purchase(connection, command):
            add_to_outbox(connection, order_placed(command))


def add_purchase(connection: psycopg.Connection, command: PlaceOrder) -> bool:
    """Insert the purchase; False when an earlier attempt of the same command already has."""
    added = connection.execute(
        """
        insert into purchase (id, buyer, item, quantity)
        values (%s, %s, %s, %s)
        on conflict (id) do nothing
        """,
        (command.purchase_id, command.buyer, command.item, command.quantity),
    )
    return added.rowcount == 1


def order_placed(command: PlaceOrder) -> Event:
    payload = {"buyer": command.buyer, "item": command.item, "quantity": command.quantity}
    return Event(purchase_id=command.purchase_id, version=1, kind="OrderPlaced", payload=payload)


def add_to_outbox(connection: psycopg.Connection, event: Event) -> None:
    connection.execute(
        "insert into outbox (purchase_id, version, kind, payload) values (%s, %s, %s, %s)",
        (event.purchase_id, event.version, event.kind, Jsonb(event.payload)),
    )


def relay(at: Addresses) -> int:
    published = 0
    with psycopg.connect(at.postgres) as connection, closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        while event := claim(connection):
            producer.send(TOPIC, key=event.key, value=event.encode()).get()
            mark_published(connection, event)
            connection.commit()
            published += 1
    return published


def claim(connection: psycopg.Connection) -> Event | None:
    """Lock the oldest unpublished event of some purchase until commit; None when nothing is left to claim.

    Who holds the oldest event of a purchase holds the purchase: its later events are not the oldest yet.
    """
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
        if first_time(connection, event):
            for line in lines(event):
                ship(connection, event, line)


def first_time(connection: psycopg.Connection, event: Event) -> bool:
    """Remember the event; False when the inbox already knows it."""
    added = connection.execute("insert into inbox (event_id) values (%s) on conflict do nothing", (event.id,))
    return added.rowcount == 1


def lines(event: Event) -> list[dict]:
    """What to ship: one item up to schema 1, a list of items since schema 2."""
    return event.payload["items"] if event.schema >= 2 else [event.payload]


def ship(connection: psycopg.Connection, event: Event, line: dict) -> None:
    connection.execute(
        "insert into shipment (purchase_id, item, quantity) values (%s, %s, %s)",
        (event.purchase_id, line["item"], line["quantity"]),
    )


def clean_up(at: Addresses, limit: int) -> int:
    with psycopg.connect(at.postgres) as connection:
        deleted = connection.execute(
            """
            delete from outbox
             where id = any(array(select id
                                    from outbox
                                   where published_at is not null
                                   order by id
                                   limit %s
                                     for update skip locked))
            """,
            (limit,),
        )
        return deleted.rowcount


def relay_alone(at: Addresses) -> int:
    producer = KafkaProducer(bootstrap_servers=at.kafka, transactional_id="relay")
    with psycopg.connect(at.postgres) as connection, closing(producer):
        try:
            producer.init_transactions()  # fences every relay that started before this one
            events = unpublished(connection)
            publish_together(producer, events)
        except (ProducerFencedError, InvalidProducerEpochError):
            return 0  # a younger relay has taken over; nothing of this one becomes visible
        for event in events:
            mark_published(connection, event)
        return len(events)


def unpublished(connection: psycopg.Connection) -> list[Event]:
    """Read without a lock: an older relay that sleeps must not be able to keep a row from a younger one."""
    cursor = connection.cursor(row_factory=class_row(Event))
    cursor.execute(
        """
        select purchase_id, version, kind, payload
          from outbox
         where published_at is null
         order by id
         limit 100
        """
    )
    return cursor.fetchall()


def publish_together(producer: KafkaProducer, events: list[Event]) -> None:
    """All events become visible at the commit, or none does."""
    if events:
        producer.begin_transaction()
        for event in events:
            producer.send(TOPIC, key=event.key, value=event.encode()).get()
        producer.commit_transaction()
