"""The reference: one conditional statement, a version that is compared, and one order for all baskets."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve, price_of

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        if not take(connection, item, quantity):
            return False
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True


def take(connection: psycopg.Connection, item: str, quantity: int) -> bool:
    taken = connection.execute(
        "update stock set free = free - %s where item = %s and free >= %s", (quantity, item, quantity)
    )
    return taken.rowcount == 1


def reserve_optimistic(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        while True:
            free, version = connection.execute("select free, version from stock where item = %s", (item,)).fetchone()
            if free < quantity:
                return False
            if take_if_unchanged(connection, item, quantity, version):
                price = quantity * price_of(free)
                connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, price))
                return True


def take_if_unchanged(connection: psycopg.Connection, item: str, quantity: int, version: int) -> bool:
    taken = connection.execute(
        "update stock set free = free - %s, version = version + 1 where item = %s and version = %s",
        (quantity, item, version),
    )
    return taken.rowcount == 1


def reserve_cart(at: Addresses, command: Reserve) -> bool:
    with psycopg.connect(at.postgres) as connection:
        for item, quantity in sorted(command.lines):
            if not take(connection, item, quantity):
                connection.rollback()
                return False
            connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True


def reserve_pessimistic(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        (free,) = connection.execute("select free from stock where item = %s for update", [item]).fetchone()
        if free < quantity:
            return False
        connection.execute("update stock set free = free - %s where item = %s", [quantity, item])
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, quantity * price_of(free)))
    return True
