"""The lines of each order are fetched in a loop: one statement for the orders, and one more for each of them."""

from __future__ import annotations

import psycopg

from shop import Addresses


def orders_of(at: Addresses, buyer: str) -> list[dict]:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        orders = connection.execute(
            "select id from customer_order where buyer = %s order by placed_on desc, id desc", [buyer]
        ).fetchall()
        return [{"id": number, "lines": lines_of(connection, number)} for (number,) in orders]


def lines_of(connection: psycopg.Connection, number: int) -> list[tuple[str, int]]:
    return connection.execute(
        "select item, quantity from order_line where order_id = %s order by number", [number]
    ).fetchall()
