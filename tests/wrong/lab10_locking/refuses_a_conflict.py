"""At REPEATABLE READ the loser of a conflict gets an error; it is told that nothing is left."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    try:
        with psycopg.connect(at.postgres) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            (free,) = connection.execute("select free from stock where item = %s", [item]).fetchone()
            if free < quantity:
                return False
            connection.execute("update stock set free = %s where item = %s", [free - quantity, item])
            connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
        return True
    except psycopg.errors.SerializationFailure:
        return False
