"""It counts the version up and never asks whether it is still the one that it read."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve, price_of

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve_optimistic(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        (free,) = connection.execute("select free from stock where item = %s", [item]).fetchone()
        if free < quantity:
            return False
        connection.execute("update stock set free = %s, version = version + 1 where item = %s", [free - quantity, item])
        price = quantity * price_of(free)
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, price))
    return True
