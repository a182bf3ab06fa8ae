"""An inner join: an order without lines is not on the page."""

from __future__ import annotations

import psycopg

from shop import Addresses

PAGE = """
    select id, item, quantity
      from customer_order
      join order_line on order_id = id
     where buyer = %s
     order by placed_on desc, id desc, number
"""


def orders_of(at: Addresses, buyer: str) -> list[dict]:
    page: dict[int, list] = {}
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        for number, item, quantity in connection.execute(PAGE, [buyer]).fetchall():
            page.setdefault(number, []).append((item, quantity))
    return [{"id": number, "lines": lines} for number, lines in page.items()]
