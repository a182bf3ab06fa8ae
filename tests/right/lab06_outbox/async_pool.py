"""asyncio and a connection pool; the relay takes the oldest event of every purchase and waits for all acks."""

from __future__ import annotations

import asyncio
from contextlib import closing

from kafka import KafkaProducer
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from shop import TOPIC, Addresses, Event, PlaceOrder


def place_order(at: Addresses, command: PlaceOrder) -> None:
    asyncio.run(place(at, command))


def relay(at: Addresses) -> int:
    return asyncio.run(drain(at))


def receive(at: Addresses, event: Event) -> None:
    asyncio.run(take(at, event))


def pool(at: Addresses) -> AsyncConnectionPool:
    return AsyncConnectionPool(at.postgres, min_size=1, max_size=2, open=False)


async def place(at: Addresses, command: PlaceOrder) -> None:
    async with pool(at) as connections, connections.connection() as connection:
        added = await connection.execute(
            "insert into purchase (id, buyer, item, quantity) values (%s, %s, %s, %s) on conflict do nothing",
            (command.purchase_id, command.buyer, command.item, command.quantity),
        )
        if added.rowcount:
            payload = {"buyer": command.buyer, "item": command.item, "quantity": command.quantity}
            await connection.execute(
                "insert into outbox (purchase_id, version, kind, payload) values (%s, 1, 'OrderPlaced', %s)",
                (command.purchase_id, Jsonb(payload)),
            )


async def drain(at: Addresses) -> int:
    published = 0
    producer = await asyncio.to_thread(KafkaProducer, bootstrap_servers=at.kafka)
    with closing(producer):
        async with pool(at) as connections:
            while batch := await pass_on(connections, producer):
                published += batch
    return published


async def pass_on(connections: AsyncConnectionPool, producer: KafkaProducer) -> int:
    """Publish the oldest unpublished event of every purchase that nobody else holds; return how many there were."""
    async with connections.connection() as connection:
        heads = await claim_heads(connection)
        if heads:
            await asyncio.to_thread(publish, producer, heads)
            ids = [row_id for row_id, *_ in heads]
            await connection.execute("update outbox set published_at = now() where id = any(%s)", (ids,))
    return len(heads)


async def claim_heads(connection: AsyncConnection) -> list[tuple]:
    cursor = await connection.execute(
        """
        select id, purchase_id, version, kind, payload
          from outbox as event
         where published_at is null
           and version = (select min(version)
                            from outbox
                           where purchase_id = event.purchase_id and published_at is null)
           for update skip locked
        """
    )
    return await cursor.fetchall()


def publish(producer: KafkaProducer, rows: list[tuple]) -> None:
    acks = []
    for _, purchase_id, version, kind, payload in rows:
        event = Event(purchase_id=purchase_id, version=version, kind=kind, payload=payload)
        acks.append(producer.send(TOPIC, key=event.key, value=event.encode()))
    for ack in acks:
        ack.get()


async def take(at: Addresses, event: Event) -> None:
    async with pool(at) as connections, connections.connection() as connection:
        added = await connection.execute("insert into inbox (event_id) values (%s) on conflict do nothing", (event.id,))
        if event.kind == "OrderPlaced" and added.rowcount:
            for line in event.payload["items"] if event.schema >= 2 else [event.payload]:
                await connection.execute(
                    "insert into shipment (purchase_id, item, quantity) values (%s, %s, %s)",
                    (event.purchase_id, line["item"], line["quantity"]),
                )
