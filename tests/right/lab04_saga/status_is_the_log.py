"""The order's status says how far it has come; a loop takes it one step further until it has ended."""

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
        begin(connection, command)
        return run(at, connection, command.purchase_id)


def run(at: Addresses, connection: psycopg.Connection, purchase_id: str) -> str:
    while (order := load(connection, purchase_id))["status"] not in ENDED:
        STEPS[order["status"]](at, connection, order)
    return order["status"]


def pay(at: Addresses, connection: psycopg.Connection, order: dict) -> None:
    charge = Charge(key=order["id"], purchase_id=order["id"], buyer=order["buyer"], amount=order["amount"])
    declined = Gateway(at.gateway).charge(charge).status == "declined"
    move(connection, order, "refunded" if declined else "paid")  # nothing was taken: as if it were back already


def pack(at: Addresses, connection: psycopg.Connection, order: dict) -> None:
    warehouse = Warehouse(at.warehouse)
    try:
        parcel = warehouse.pack(Pack(key=order["id"], purchase_id=order["id"], item=order["item"], quantity=order["quantity"]))
    except (Unavailable, Unknown):
        parcel = warehouse.cancel(order["id"])
    move(connection, order, "packed" if parcel.status == "packed" else "undoing")


def tell(at: Addresses, connection: psycopg.Connection, order: dict) -> None:
    announce(at, order)
    move(connection, order, "confirmed")


def refund(at: Addresses, connection: psycopg.Connection, order: dict) -> None:
    gateway = Gateway(at.gateway)
    charged = gateway.look_up(order["id"])
    gateway.refund(Refund(key=f"{order['id']}/back", charge_id=charged.id, amount=charged.amount))
    move(connection, order, "refunded")


def put_back(at: Addresses, connection: psycopg.Connection, order: dict) -> None:
    with connection.transaction():
        connection.execute("update stock set free = free + %s where item = %s", (order["quantity"], order["item"]))
        move(connection, order, "cancelled")


def move(connection: psycopg.Connection, order: dict, status: str) -> None:
    connection.execute("update purchase set status = %s where id = %s", (status, order["id"]))


STEPS = {"pending": pay, "paid": pack, "packed": tell, "undoing": refund, "refunded": put_back}


def recover(at: Addresses) -> int:
    left = 0
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        rows = connection.execute("select id from purchase where status <> all(%s) order by id", [list(ENDED)]).fetchall()
        for (purchase_id,) in rows:
            try:
                run(at, connection, purchase_id)
            except (Unavailable, Unknown):
                left += 1  # somebody is away: the shop calls again
    return left


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
