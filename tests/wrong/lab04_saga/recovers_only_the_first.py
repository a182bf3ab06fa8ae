"""The recovery brings the oldest open order to its end, and looks no further."""

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
    """Bring an order to its end, from wherever its log says that it stands."""
    order, log = load(connection, purchase_id), entries(connection, purchase_id)
    if order["status"] in ENDED:
        return order["status"]
    if not log & {"charged", "undo"}:
        log |= write(connection, order, pay(at, order))
    if not log & {"packed", "undo"}:
        log |= write(connection, order, pack_or_cancel(at, order))
    if "undo" in log:
        return undo(at, connection, order, log)
    announce(at, order)
    connection.execute("update purchase set status = 'confirmed' where id = %s", [order["id"]])
    return "confirmed"


def pay(at: Addresses, order: dict) -> str:
    charge = Charge(key=order["id"], purchase_id=order["id"], buyer=order["buyer"], amount=order["amount"])
    return "charged" if Gateway(at.gateway).charge(charge).status == "charged" else "undo"


def pack_or_cancel(at: Addresses, order: dict) -> str:
    """The pivot. Whoever cannot be told to pack is told never to pack: either answer is for good."""
    warehouse = Warehouse(at.warehouse)
    try:
        parcel = warehouse.pack(Pack(key=order["id"], purchase_id=order["id"], item=order["item"], quantity=order["quantity"]))
    except (Unavailable, Unknown):
        parcel = warehouse.cancel(order["id"])
    return "packed" if parcel.status == "packed" else "undo"


def undo(at: Addresses, connection: psycopg.Connection, order: dict, log: set[str]) -> str:
    """Backwards: first the money, then the shelf."""
    if "charged" in log and "refunded" not in log:
        gateway = Gateway(at.gateway)
        charged = gateway.look_up(order["id"])
        gateway.refund(Refund(key=f"{order['id']}-refund", charge_id=charged.id, amount=charged.amount))
        write(connection, order, "refunded")
    with connection.transaction():
        connection.execute("update stock set free = free + %s where item = %s", (order["quantity"], order["item"]))
        connection.execute("update purchase set status = 'cancelled' where id = %s", [order["id"]])
    return "cancelled"


def entries(connection: psycopg.Connection, purchase_id: str) -> set[str]:
    rows = connection.execute("select entry from saga_log where purchase_id = %s", [purchase_id]).fetchall()
    return {entry for (entry,) in rows}


def write(connection: psycopg.Connection, order: dict, entry: str) -> set[str]:
    connection.execute("insert into saga_log (purchase_id, entry) values (%s, %s)", (order["id"], entry))
    return {entry}


def recover(at: Addresses) -> int:
    left = 0
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        rows = connection.execute("select id from purchase where status <> all(%s) order by id", [list(ENDED)]).fetchall()
        for (purchase_id,) in rows[:1]:
            try:
                run(at, connection, purchase_id)
            except (Unavailable, Unknown):
                left += 1  # somebody is away: the shop calls again
    return left
