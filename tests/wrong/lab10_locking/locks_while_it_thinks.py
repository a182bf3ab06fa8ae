"""It is correct and not optimistic: while it reckons, everybody else waits."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve, price_of

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve_optimistic(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        (free,) = connection.execute("select free from stock where item = %s for update", [item]).fetchone()
        if free < quantity:
            return False
        connection.execute("update stock set free = %s where item = %s", [free - quantity, item])
        price = quantity * price_of(free)
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, price))
    return True
