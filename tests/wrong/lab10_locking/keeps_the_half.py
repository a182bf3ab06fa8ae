"""When the second item is missing the first one stays reserved."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve_cart(at: Addresses, command: Reserve) -> bool:
    with psycopg.connect(at.postgres) as connection:
        for item, quantity in sorted(command.lines):
            taken = connection.execute(
                "update stock set free = free - %s where item = %s and free >= %s", [quantity, item, quantity]
            )
            if taken.rowcount == 0:
                return False
            connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True
