"""The same saga with asyncio: an asynchronous connection, and the services' clients in threads."""

from __future__ import annotations

import asyncio
from contextlib import closing

import psycopg
from kafka import KafkaProducer
from psycopg.rows import dict_row

from shop import TOPIC, Addresses, Charge, Event, Gateway, Pack, PlaceOrder, Refund, Unavailable, Unknown, Warehouse

PRICE = 4_900


def place_order(at: Addresses, command: PlaceOrder) -> str:
    return asyncio.run(placed(at, command))


def recover(at: Addresses) -> int:
    return asyncio.run(recovered(at))


async def placed(at: Addresses, command: PlaceOrder) -> str:
    async with await psycopg.AsyncConnection.connect(at.postgres, autocommit=True, row_factory=dict_row) as connection:
        row = (command.purchase_id, command.buyer, command.item, command.quantity, PRICE * command.quantity)
        await connection.execute(
            """
            with added as (
                insert into purchase (id, buyer, item, quantity, amount)
                values (%s, %s, %s, %s, %s)
                on conflict (id) do nothing
                returning item, quantity)
            update stock
               set free = free - added.quantity
              from added
             where stock.item = added.item
            """,
            row,
        )
        return await finished(at, connection, command.purchase_id)


async def recovered(at: Addresses) -> int:
    async with await psycopg.AsyncConnection.connect(at.postgres, autocommit=True, row_factory=dict_row) as connection:
        cursor = await connection.execute("select id from purchase where status not in ('confirmed', 'cancelled')")
        for row in await cursor.fetchall():
            await finished(at, connection, row["id"])
    return 0


async def finished(at: Addresses, connection: psycopg.AsyncConnection, purchase_id: str) -> str:
    order = await the(connection, purchase_id)
    if order["status"] == "pending":
        charge = Charge(key=purchase_id, purchase_id=purchase_id, buyer=order["buyer"], amount=order["amount"])
        receipt = await asyncio.to_thread(Gateway(at.gateway).charge, charge)
        if receipt.status == "charged":
            await asyncio.to_thread(pack_or_cancel, at, order)
        else:
            await asyncio.to_thread(Warehouse(at.warehouse).cancel, purchase_id)
        packed = await asyncio.to_thread(Warehouse(at.warehouse).look_up, purchase_id)
        await step(connection, purchase_id, "packed" if packed.status == "packed" else "undoing")
    order = await the(connection, purchase_id)
    if order["status"] == "packed":
        await asyncio.to_thread(announce, at, order)
        await step(connection, purchase_id, "confirmed")
    if order["status"] == "undoing":
        await asyncio.to_thread(refund, at, order)
        await connection.execute(
            """
            with ended as (
                update purchase set status = 'cancelled' where id = %s and status = 'undoing' returning item, quantity)
            update stock
               set free = free + ended.quantity
              from ended
             where stock.item = ended.item
            """,
            [purchase_id],
        )
    return (await the(connection, purchase_id))["status"]


async def the(connection: psycopg.AsyncConnection, purchase_id: str) -> dict:
    cursor = await connection.execute("select * from purchase where id = %s", [purchase_id])
    return await cursor.fetchone()


async def step(connection: psycopg.AsyncConnection, purchase_id: str, status: str) -> None:
    await connection.execute("update purchase set status = %s where id = %s", [status, purchase_id])


def pack_or_cancel(at: Addresses, order: dict) -> None:
    warehouse = Warehouse(at.warehouse)
    try:
        warehouse.pack(Pack(key=order["id"], purchase_id=order["id"], item=order["item"], quantity=order["quantity"]))
    except (Unavailable, Unknown):
        warehouse.cancel(order["id"])


def refund(at: Addresses, order: dict) -> None:
    receipt = Gateway(at.gateway).look_up(order["id"])
    if receipt and receipt.status == "charged":
        Gateway(at.gateway).refund(Refund(key=f"refund of {order['id']}", charge_id=receipt.id, amount=receipt.amount))


def announce(at: Addresses, order: dict) -> None:
    event = Event(purchase_id=order["id"], version=1, kind="OrderConfirmed", payload={"buyer": order["buyer"]})
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(TOPIC, key=event.key, value=event.encode()).get()


def seen() -> dict[str, str]:
    seen_at_some_moment = {"s1", "s3", "s5", "s7", "s10"}
    return {f"s{number}": "seen" if f"s{number}" in seen_at_some_moment else "never" for number in range(1, 11)}
