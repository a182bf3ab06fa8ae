"""The units are taken by one safe statement, and the price is from a look before it."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve, price_of

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve_optimistic(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        (free,) = connection.execute("select free from stock where item = %s", [item]).fetchone()
        taken = connection.execute(
            "update stock set free = free - %s where item = %s and free >= %s", [quantity, item, quantity]
        )
        if taken.rowcount == 0:
            return False
        price = quantity * price_of(free)
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, price))
    return True
