"""The relay breaks nothing, because it does nothing."""

from __future__ import annotations

import psycopg
from psycopg.types.json import Jsonb

from shop import Addresses, Event, PlaceOrder


def place_order(at: Addresses, command: PlaceOrder) -> None:
    with psycopg.connect(at.postgres) as connection:
        if add_purchase(connection, command):
            add_order_placed(connection, command)


def add_purchase(connection: psycopg.Connection, command: PlaceOrder) -> bool:
    added = connection.execute(
        "insert into purchase (id, buyer, item, quantity) values (%s, %s, %s, %s) on conflict (id) do nothing",
        (command.purchase_id, command.buyer, command.item, command.quantity),
    )
    return added.rowcount == 1


def add_order_placed(connection: psycopg.Connection, command: PlaceOrder) -> None:
    payload = {"buyer": command.buyer, "item": command.item, "quantity": command.quantity}
    connection.execute(
        "insert into outbox (purchase_id, version, kind, payload) values (%s, 1, 'OrderPlaced', %s)",
        (command.purchase_id, Jsonb(payload)),
    )


def relay(at: Addresses) -> int:
    return 0


def receive(at: Addresses, event: Event) -> None:
    if event.kind != "OrderPlaced":
        return
    with psycopg.connect(at.postgres) as connection:
        added = connection.execute("insert into inbox (event_id) values (%s) on conflict do nothing", (event.id,))
        if added.rowcount == 1:
            ship(connection, event)


def ship(connection: psycopg.Connection, event: Event) -> None:
    for line in event.payload["items"] if event.schema >= 2 else [event.payload]:
        connection.execute(
            "insert into shipment (purchase_id, item, quantity) values (%s, %s, %s)",
            (event.purchase_id, line["item"], line["quantity"]),
        )
