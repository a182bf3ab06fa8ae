"""Everything that can be one statement is one; the optimist compares the number itself."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve, price_of

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


TAKE_AND_KEEP = """
    with taken as (
        update stock set free = free - %(quantity)s
         where item = %(item)s and free >= %(quantity)s
        returning item
    )
    insert into reservation (id, buyer, item, quantity)
    select %(id)s, %(buyer)s, item, %(quantity)s from taken
"""


def reserve(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    wish = {"id": command.reservation_id, "buyer": command.buyer, "item": item, "quantity": quantity}
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        return connection.execute(TAKE_AND_KEEP, wish).rowcount == 1


def reserve_optimistic(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        (free,) = connection.execute("select free from stock where item = %s", [item]).fetchone()
        connection.commit()
        while free >= quantity:
            taken = connection.execute(
                "update stock set free = free - %s where item = %s and free = %s", [quantity, item, free]
            )
            if taken.rowcount == 1:
                price = quantity * price_of(free)
                connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, price))
                return True
            (free,) = connection.execute("select free from stock where item = %s", [item]).fetchone()
    return False


def reserve_cart(at: Addresses, command: Reserve) -> bool:
    with psycopg.connect(at.postgres) as connection:
        connection.execute("select pg_advisory_xact_lock(10)")  # one basket at a time in the whole shop
        for item, quantity in command.lines:
            wish = {"id": command.reservation_id, "buyer": command.buyer, "item": item, "quantity": quantity}
            if connection.execute(TAKE_AND_KEEP, wish).rowcount == 0:
                connection.rollback()
                return False
    return True
