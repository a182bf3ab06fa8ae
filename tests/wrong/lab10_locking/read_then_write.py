"""It looks how many are free, reckons, and writes the result: the other buyer did the same meanwhile."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def naive_reserve(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        (free,) = connection.execute("select free from stock where item = %s", [item]).fetchone()
        if free < quantity:
            return False
        connection.execute("update stock set free = %s where item = %s", [free - quantity, item])
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True
