"""A recovery never goes forward unless it must: it asks the warehouse to cancel, and undoes what is not packed."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaProducer
from psycopg.rows import dict_row

from shop import TOPIC, Addresses, Charge, Event, Gateway, Pack, PlaceOrder, Refund, Unavailable, Unknown, Warehouse

PRICE = 4_900
ENDED = ("confirmed", "cancelled")


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


def announce(at: Addresses, order: dict) -> None:
    """Tell Kafka that the order is confirmed, and wait for the acknowledgement. May be repeated."""
    event = Event(purchase_id=order["id"], version=1, kind="OrderConfirmed", payload={"buyer": order["buyer"]})
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(TOPIC, key=event.key, value=event.encode()).get()


def place_order(at: Addresses, command: PlaceOrder) -> str:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        is_new = load(connection, command.purchase_id) is None
        begin(connection, command)
        order = load(connection, command.purchase_id)
        if order["status"] in ENDED:
            return order["status"]
        if not is_new:
            return settle(at, connection, order)
        pay(at, order)
        warehouse = Warehouse(at.warehouse)
        for _ in range(3):
            try:
                warehouse.pack(Pack(key=order["id"], purchase_id=order["id"], item=order["item"], quantity=order["quantity"]))
                break
            except (Unavailable, Unknown):
                continue
        return settle(at, connection, order)


def pay(at: Addresses, order: dict):
    charge = Charge(key=order["id"], purchase_id=order["id"], buyer=order["buyer"], amount=order["amount"])
    receipt = Gateway(at.gateway).charge(charge)
    if receipt.status == "declined":
        Warehouse(at.warehouse).cancel(order["id"])
    return receipt


def settle(at: Addresses, connection: psycopg.Connection, order: dict) -> str:
    """Its log is what the warehouse and the gateway know of the order's key: cancelled once, it is cancelled for good."""
    if Warehouse(at.warehouse).cancel(order["id"]).status == "packed":
        announce(at, order)
        connection.execute("update purchase set status = 'confirmed' where id = %s", [order["id"]])
        return "confirmed"
    receipt = Gateway(at.gateway).look_up(order["id"])
    if receipt and receipt.status == "charged":
        Gateway(at.gateway).refund(Refund(key=f"{order['id']}-back", charge_id=receipt.id, amount=receipt.amount))
    with connection.transaction():
        changed = connection.execute(
            "update purchase set status = 'cancelled' where id = %s and status = 'pending'", [order["id"]]
        )
        if changed.rowcount == 1:
            connection.execute("update stock set free = free + %s where item = %s", (order["quantity"], order["item"]))
    return "cancelled"


def recover(at: Addresses) -> int:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        rows = connection.execute("select id from purchase where status = 'pending'").fetchall()
        for (purchase_id,) in rows:
            settle(at, connection, load(connection, purchase_id))
    return 0


def seen() -> dict[str, str]:
    return {
        "s1": "seen",
        "s2": "never",
        "s3": "seen",
        "s4": "never",
        "s5": "seen",
        "s6": "never",
        "s7": "seen",
        "s8": "never",
        "s9": "never",
        "s10": "seen",
    }
