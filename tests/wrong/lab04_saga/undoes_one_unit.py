"""It puts one unit back on the shelf, whatever was ordered."""

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
        connection.execute("update stock set free = free + 1 where item = %s", [order["item"]])
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
        for (purchase_id,) in rows:
            try:
                run(at, connection, purchase_id)
            except (Unavailable, Unknown):
                left += 1  # somebody is away: the shop calls again
    return left


def react(at: Addresses, service: str, event: Event) -> None:
    if service == "payments":
        payments(at, event)
    elif service == "warehouse":
        warehouse(at, event)
    elif service == "orders":
        orders(at, event)


def payments(at: Addresses, event: Event) -> None:
    """Takes the money for what is placed, gives it back for what cannot be packed."""
    gateway, order = Gateway(at.gateway), event.payload
    if event.kind == "OrderPlaced":
        charge = Charge(key=event.purchase_id, purchase_id=event.purchase_id, buyer=order["buyer"], amount=order["amount"])
        taken = gateway.charge(charge).status == "charged"
        tell(at, event, "PaymentTaken" if taken else "PaymentDeclined")
    elif event.kind == "ParcelRefused":
        charged = gateway.look_up(event.purchase_id)
        gateway.refund(Refund(key=f"{event.purchase_id}-refund", charge_id=charged.id, amount=charged.amount))
        tell(at, event, "PaymentReturned")


def warehouse(at: Addresses, event: Event) -> None:
    """Packs what is paid for; what it cannot pack is cancelled first, so that a second copy of the event changes nothing."""
    if event.kind == "PaymentTaken":
        order = {"id": event.purchase_id, **event.payload}
        tell(at, event, "ParcelPacked" if pack_or_cancel(at, order) == "packed" else "ParcelRefused")


def orders(at: Addresses, event: Event) -> None:
    """Owns the order's status and the shelf."""
    with psycopg.connect(at.postgres) as connection:
        if event.kind == "ParcelPacked":
            announce(at, load(connection, event.purchase_id))
            connection.execute("update purchase set status = 'confirmed' where id = %s", [event.purchase_id])
        elif event.kind in ("PaymentDeclined", "PaymentReturned"):
            changed = connection.execute(
                "update purchase set status = 'cancelled' where id = %s and status = 'pending'", [event.purchase_id]
            )
            if changed.rowcount == 1:
                back = (event.payload["quantity"], event.payload["item"])
                connection.execute("update stock set free = free + %s where item = %s", back)


def tell(at: Addresses, cause: Event, kind: str) -> None:
    event = Event(purchase_id=cause.purchase_id, version=cause.version + 1, kind=kind, payload=cause.payload)
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(TOPIC, key=event.key, value=event.encode()).get()


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
