"""Whoever loses raises an error, and the shop asks again: the retry stands where the command comes from."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve, price_of

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


class TooLate(Exception):
    """Somebody was faster."""


def reserve(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        (free,) = connection.execute("select free from stock where item = %s", [item]).fetchone()
        if free < quantity:
            return False
        connection.execute("update stock set free = %s where item = %s", [free - quantity, item])
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True


def reserve_optimistic(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        free, version = connection.execute("select free, version from stock where item = %s", [item]).fetchone()
        if free < quantity:
            return False
        price = quantity * price_of(free)
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, price))
        taken = connection.execute(
            "update stock set free = free - %s, version = version + 1 where item = %s and version = %s",
            [quantity, item, version],
        )
        if taken.rowcount == 0:
            raise TooLate(item)  # the block rolls the reservation back
    return True


def reserve_cart(at: Addresses, command: Reserve) -> bool:
    with psycopg.connect(at.postgres) as connection:
        for item, quantity in sorted(command.lines, reverse=True):
            (free,) = connection.execute("select free from stock where item = %s for update", [item]).fetchone()
            if free < quantity:
                connection.rollback()
                return False
            connection.execute("update stock set free = %s where item = %s", [free - quantity, item])
            connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True
