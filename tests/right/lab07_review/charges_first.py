"""A table of steps: first the money, then the claim on the shelf, and the money back where nothing is left."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

from shop import Addresses, Charge, Gateway, PlaceOrder, Refund
from shop.parts import place_order

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
    amount = PRICE * command.quantity
    with psycopg.connect(at.postgres, autocommit=True, row_factory=dict_row) as connection:
        connection.execute(
            "insert into checkout (purchase_id, buyer, item, quantity, amount) values (%s, %s, %s, %s, %s)"
            " on conflict do nothing",
            (command.purchase_id, command.buyer, command.item, command.quantity, amount),
        )
    return go_on(at, command.purchase_id)


def go_on(at: Addresses, purchase_id: str) -> str:
    """One step after the other, until there is none left."""
    while (step := take_a_step(at, purchase_id)) in STEPS:
        pass
    return step


def take_a_step(at: Addresses, purchase_id: str) -> str:
    with psycopg.connect(at.postgres, autocommit=True, row_factory=dict_row) as connection:
        wish = connection.execute("select * from checkout where purchase_id = %s", [purchase_id]).fetchone()
        step = wish["step"]
        if step in STEPS:
            step = STEPS[step](at, connection, wish)
            connection.execute(
                "update checkout set step = %s where purchase_id = %s and step = %s", (step, purchase_id, wish["step"])
            )
    return step


def pay(at: Addresses, connection: psycopg.Connection, wish: dict) -> str:
    key = wish["purchase_id"]
    receipt = Gateway(at.gateway).charge(Charge(key=key, purchase_id=key, buyer=wish["buyer"], amount=wish["amount"]))
    return "paid" if receipt.status == "charged" else "declined"


def claim(at: Addresses, connection: psycopg.Connection, wish: dict) -> str:
    """The claim and its note are one statement: a repeat finds that the step has moved on."""
    claimed = connection.execute(
        """
        with taken as (
            update stock set free = free - %(quantity)s
             where item = %(item)s and free >= %(quantity)s
            returning item)
        update checkout set step = case when exists (select from taken) then 'claimed' else 'too late' end
         where purchase_id = %(purchase_id)s
        returning step
        """,
        wish,
    ).fetchone()
    return claimed["step"]


def order(at: Addresses, connection: psycopg.Connection, wish: dict) -> str:
    place_order(at, PlaceOrder(**{name: wish[name] for name in ("purchase_id", "buyer", "item", "quantity")}))
    return "placed"


def give_back(at: Addresses, connection: psycopg.Connection, wish: dict) -> str:
    gateway, key = Gateway(at.gateway), wish["purchase_id"]
    charged = gateway.look_up(key)
    gateway.refund(Refund(key=f"{key}-back", charge_id=charged.id, amount=charged.amount))
    return "sold out"


STEPS = {"begun": pay, "paid": claim, "claimed": order, "too late": give_back}


def recover(at: Addresses) -> int:
    with psycopg.connect(at.postgres, row_factory=dict_row) as connection:
        rows = connection.execute("select purchase_id from checkout where step = any(%s)", [list(STEPS)]).fetchall()
    for row in rows:
        go_on(at, row["purchase_id"])
    return len(rows)
