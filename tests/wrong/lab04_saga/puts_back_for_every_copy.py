"""Every copy of the event puts an item on the shelf: nothing remembers that it has been done."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaProducer
from psycopg.rows import dict_row

from shop import TOPIC, Addresses, Charge, Event, Gateway, Pack, Refund, Unavailable, Unknown, Warehouse


def load(connection: psycopg.Connection, purchase_id: str) -> dict:
    """The order as it is now: id, buyer, item, quantity, amount, status."""
    cursor = connection.cursor(row_factory=dict_row)
    return cursor.execute("select * from purchase where id = %s", [purchase_id]).fetchone()


def announce(at: Addresses, order: dict) -> None:
    """Tell Kafka that the order is confirmed, and wait for the acknowledgement. May be repeated."""
    event = Event(purchase_id=order["id"], version=1, kind="OrderConfirmed", payload={"buyer": order["buyer"]})
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(TOPIC, key=event.key, value=event.encode()).get()


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
    with psycopg.connect(at.postgres) as connection:
        if event.kind == "ParcelPacked":
            announce(at, load(connection, event.purchase_id))
            connection.execute("update purchase set status = 'confirmed' where id = %s", [event.purchase_id])
        elif event.kind in ("PaymentDeclined", "PaymentReturned"):
            connection.execute("update purchase set status = 'cancelled' where id = %s", [event.purchase_id])
            back = (event.payload["quantity"], event.payload["item"])
            connection.execute("update stock set free = free + %s where item = %s", back)


def tell(at: Addresses, cause: Event, kind: str) -> None:
    event = Event(purchase_id=cause.purchase_id, version=cause.version + 1, kind=kind, payload=cause.payload)
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(TOPIC, key=event.key, value=event.encode()).get()


def pack_or_cancel(at: Addresses, order: dict) -> str:
    """The pivot. Whoever cannot be told to pack is told never to pack: either answer is for good."""
    warehouse = Warehouse(at.warehouse)
    try:
        parcel = warehouse.pack(Pack(key=order["id"], purchase_id=order["id"], item=order["item"], quantity=order["quantity"]))
    except (Unavailable, Unknown):
        parcel = warehouse.cancel(order["id"])
    return "packed" if parcel.status == "packed" else "undo"
