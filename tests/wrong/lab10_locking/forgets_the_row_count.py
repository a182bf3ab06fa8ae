"""The statement is right, and nobody asks whether it found a row."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        connection.execute(
            "update stock set free = free - %s where item = %s and free >= %s", [quantity, item, quantity]
        )
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True
