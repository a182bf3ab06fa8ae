"""The back of the watched shop: the order with its outbox row, the relay's way to Kafka, the warehouse's way from it.

Whatever stands in ``headers`` travels along; nobody here looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from shop.addresses import Addresses
from shop.delivery import is_drained, member
from shop.events import TOPIC, Event
from shop.watched.front import give_way, require_pool

if TYPE_CHECKING:
    from kafka.consumer.fetcher import ConsumerRecord

__all__ = ["messages", "pack", "publish", "save_order", "unpublished"]

_producers: dict[str, Any] = {}


def save_order(at: Addresses, order: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
    """Write the order and its outbox row in one statement, with these headers beside the event; meanwhile others are handled."""
    import psycopg  # whoever only asks for stock need not load the clients
    from psycopg.types.json import Jsonb

    give_way()
    payload = {name: order[name] for name in ("buyer", "item", "quantity")}
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        connection.execute(
            """
            with placed as (
                insert into purchase (id, buyer, item, quantity) values (%s, %s, %s, %s) returning id
            )
            insert into outbox (purchase_id, version, kind, payload, headers)
            select id, 1, 'OrderPlaced', %s, %s from placed
            """,
            (order["purchase_id"], *payload.values(), Jsonb(payload), Jsonb(dict(headers or {}))),
        )


def unpublished(at: Addresses) -> list[tuple[Event, dict[str, str]]]:
    """The events that wait in the outbox, oldest first, each with the headers of its row."""
    import psycopg

    with psycopg.connect(at.postgres, autocommit=True) as connection:
        rows = connection.execute(
            "select purchase_id, version, kind, payload, headers from outbox where published_at is null order by id"
        ).fetchall()
    return [(Event(purchase_id=row[0], version=row[1], kind=row[2], payload=row[3]), row[4]) for row in rows]


def publish(at: Addresses, event: Event, headers: Sequence[tuple[str, bytes]] = ()) -> None:
    """Send the event with these Kafka headers, and mark its row as published."""
    import psycopg
    from kafka import KafkaProducer

    if at.kafka not in _producers:
        _producers[at.kafka] = KafkaProducer(bootstrap_servers=at.kafka)
    _producers[at.kafka].send(TOPIC, key=event.key, value=event.encode(), headers=list(headers)).get()
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        connection.execute(
            "update outbox set published_at = clock_timestamp() where purchase_id = %s and version = %s",
            (event.purchase_id, event.version),
        )


def messages(at: Addresses) -> Iterator[ConsumerRecord]:
    """What waits in the topic, to its end; a message's offset is committed when the next one is asked for."""
    from kafka import TopicPartition
    from kafka.structs import OffsetAndMetadata

    with closing(member(at)) as consumer:
        while not is_drained(consumer):
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    yield record
                    place = TopicPartition(record.topic, record.partition)
                    consumer.commit({place: OffsetAndMetadata(record.offset + 1, "", -1)})


def pack(at: Addresses, event: Event) -> None:
    """Pack a parcel, once. It blocks, so it must be called from a thread of a pool; raises RuntimeError elsewhere."""
    import psycopg

    require_pool("pack")
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        connection.execute(
            """
            with new as (
                insert into inbox (event_id) values (%s) on conflict do nothing returning event_id
            )
            insert into parcel (purchase_id, item, quantity) select %s, %s, %s from new
            """,
            (event.id, event.purchase_id, event.payload["item"], event.payload["quantity"]),
        )
