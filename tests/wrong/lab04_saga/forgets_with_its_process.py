"""It knows what to do when the warehouse is unavailable, and only its process knows how far it has come."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaProducer
from psycopg.rows import dict_row

from shop import TOPIC, Addresses, Charge, Event, Gateway, Pack, PlaceOrder, Refund, Unavailable, Warehouse

PRICE = 4_900


def begin(connection: psycopg.Connection, command: PlaceOrder) -> None:
    """The first step, one transaction: the order is there and its items are off the shelf. A repeated command changes nothing."""
    with connection.transaction():
        row = (command.purchase_id, command.buyer, command.item, command.quantity, PRICE * command.quantity)
        added = connection.execute(
            "insert into purchase (id, buyer, item, quantity, amount) values (%s, %s, %s, %s, %s) on conflict do nothing", row
        )
        if added.rowcount == 1:
            taken = (command.quantity, command.item)
            connection.execute("update stock set free = free - %s where item = %s", taken)


def load(connection: psycopg.Connection, purchase_id: str) -> dict:
    """The order as it is now: id, buyer, item, quantity, amount, status."""
    cursor = connection.cursor(row_factory=dict_row)
    return cursor.execute("select * from purchase where id = %s", [purchase_id]).fetchone()


def naive_place_order(at: Addresses, command: PlaceOrder) -> str:
    key = command.purchase_id
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        if order := load(connection, key):
            return order["status"]
        begin(connection, command)
        amount = PRICE * command.quantity
        charged = Gateway(at.gateway).charge(Charge(key=key, purchase_id=key, buyer=command.buyer, amount=amount))
        try:
            Warehouse(at.warehouse).pack(Pack(key=key, purchase_id=key, item=command.item, quantity=command.quantity))
        except Unavailable:
            Gateway(at.gateway).refund(Refund(key=f"{key}-refund", charge_id=charged.id, amount=amount))
            return end(connection, load(connection, key), "cancelled", back=command.quantity)
        announce(at, load(connection, key))
        return end(connection, load(connection, key), "confirmed")


def announce(at: Addresses, order: dict) -> None:
    """Tell Kafka that the order is confirmed, and wait for the acknowledgement. May be repeated."""
    event = Event(purchase_id=order["id"], version=1, kind="OrderConfirmed", payload={"buyer": order["buyer"]})
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(TOPIC, key=event.key, value=event.encode()).get()


def end(connection: psycopg.Connection, order: dict, status: str, back: int = 0) -> str:
    with connection.transaction():
        connection.execute("update stock set free = free + %s where item = %s", (back, order["item"]))
        connection.execute("update purchase set status = %s where id = %s", (status, order["id"]))
    return status
