"""A version column; after a lost race it reckons that one buyer was faster, and tries once more without a look."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve

TAKE = "update stock set free = %s, version = %s where item = %s and version = %s"
KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        free, version = connection.execute("select free, version from stock where item = %s", [item]).fetchone()
        for rivals in (0, 1):
            left, read = free - (rivals + 1) * quantity, version + rivals
            if left < 0:
                return False
            if connection.execute(TAKE, [left, read + 1, item, read]).rowcount == 1:
                connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
                return True
    return False
