"""One transaction around everything: when the warehouse says no, an error rolls it back, and the charge is not in it."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaProducer
from psycopg.rows import dict_row

from shop import TOPIC, Addresses, Charge, Event, Gateway, Pack, PlaceOrder, Refused, Warehouse

PRICE = 4_900


def begin(connection: psycopg.Connection, command: PlaceOrder) -> None:
    """The first step, one transaction: the order is there and its items are off the shelf. A repeated command changes nothing."""
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


def announce(at: Addresses, order: dict) -> None:
    """Tell Kafka that the order is confirmed, and wait for the acknowledgement. May be repeated."""
    event = Event(purchase_id=order["id"], version=1, kind="OrderConfirmed", payload={"buyer": order["buyer"]})
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(TOPIC, key=event.key, value=event.encode()).get()


def place_order(at: Addresses, command: PlaceOrder) -> str:
    with psycopg.connect(at.postgres) as connection:  # rolls back when anything in here raises
        begin(connection, command)
        order = load(connection, command.purchase_id)
        if order["status"] == "confirmed":
            return "confirmed"
        if pay(at, order) == "undo":
            raise Refused("the card was declined")
        parcel = Pack(key=order["id"], purchase_id=order["id"], item=order["item"], quantity=order["quantity"])
        if Warehouse(at.warehouse).pack(parcel).status != "packed":
            raise Refused("the warehouse has none left")
        announce(at, order)
        connection.execute("update purchase set status = 'confirmed' where id = %s", [order["id"]])
    return "confirmed"


def pay(at: Addresses, order: dict) -> str:
    charge = Charge(key=order["id"], purchase_id=order["id"], buyer=order["buyer"], amount=order["amount"])
    return "charged" if Gateway(at.gateway).charge(charge).status == "charged" else "undo"
