"""The recovery asks the checkout again, as a browser would; the checkout knows how far it had come."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

from shop import Addresses, Charge, PlaceOrder
from shop.parts import charge, place_order

PRICE = 4_900


def pipelines() -> dict:
    return {
        "p01": ("lost", 2),
        "p02": ("untrue", 2),
        "p03": ("lost", 2),
        "p04": ("twice", 3),
        "p05": ("twice", 4),
        "p06": ("lost", 5),
        "p07": ("twice", 6),
        "p08": ("lost", 1),
        "p09": ("twice", 2),
        "p10": ("holds", 0),
        "p11": ("twice", 4),
        "p12": ("holds", 0),
    }


def checkout(at: Addresses, command: PlaceOrder) -> str:
    with psycopg.connect(at.postgres, autocommit=True, row_factory=dict_row) as connection:
        begin(connection, command)
        return finish(at, connection, command.purchase_id)


def begin(connection: psycopg.Connection, command: PlaceOrder) -> None:
    """The wish and its claim on the shelf, in one transaction; a repeated command finds both."""
    with connection.transaction():
        added = connection.execute(
            """
            insert into checkout (purchase_id, buyer, item, quantity, amount)
            values (%s, %s, %s, %s, %s)
            on conflict do nothing
            """,
            (command.purchase_id, command.buyer, command.item, command.quantity, PRICE * command.quantity),
        )
        if added.rowcount == 1:
            taken = connection.execute(
                "update stock set free = free - %(n)s where item = %(item)s and free >= %(n)s",
                {"n": command.quantity, "item": command.item},
            )
            if taken.rowcount == 0:
                note(connection, command.purchase_id, "sold out")


def finish(at: Addresses, connection: psycopg.Connection, purchase_id: str) -> str:
    """Bring one checkout to its end, from wherever it stands."""
    wish = connection.execute("select * from checkout where purchase_id = %s", [purchase_id]).fetchone()
    step = wish["step"]
    if step == "begun":
        step = pay(at, connection, wish)
    if step == "paid":
        place_order(at, PlaceOrder(**{name: wish[name] for name in ("purchase_id", "buyer", "item", "quantity")}))
        step = note(connection, purchase_id, "placed")
    return step


def pay(at: Addresses, connection: psycopg.Connection, wish: dict) -> str:
    """Charge with the key of the purchase, so that a repeat is recognised; where the card is declined, clear up."""
    key = wish["purchase_id"]
    receipt = charge(at, Charge(key=key, purchase_id=key, buyer=wish["buyer"], amount=wish["amount"]))
    if receipt.status == "charged":
        return note(connection, key, "paid")
    with connection.transaction():
        connection.execute("update stock set free = free + %s where item = %s", (wish["quantity"], wish["item"]))
        return note(connection, key, "declined")


def note(connection: psycopg.Connection, purchase_id: str, step: str) -> str:
    connection.execute("update checkout set step = %s where purchase_id = %s", (step, purchase_id))
    return step


def recover(at: Addresses) -> int:
    with psycopg.connect(at.postgres, row_factory=dict_row) as connection:
        begun = connection.execute("select * from checkout where step in ('begun', 'paid')").fetchall()
    for wish in begun:
        checkout(at, PlaceOrder(**{name: wish[name] for name in ("purchase_id", "buyer", "item", "quantity")}))
    return len(begun)
