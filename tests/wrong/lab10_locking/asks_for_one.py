"""It takes as many as were asked for, and checks that there is at least one."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        taken = connection.execute("update stock set free = free - %s where item = %s and free > 0", [quantity, item])
        if taken.rowcount == 0:
            return False
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True
