"""The database notices the conflict: stricter isolation, and whoever loses begins again."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve, price_of

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def again(attempt):
    """Run it until no conflict gets in its way."""
    while True:
        try:
            return attempt()
        except psycopg.errors.SerializationFailure:
            continue


def sell(at, command, isolation, price):
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        connection.isolation_level = isolation
        (free,) = connection.execute("select free from stock where item = %s", [item]).fetchone()
        if free < quantity:
            return False
        connection.execute("update stock set free = %s where item = %s", [free - quantity, item])
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, price(free) * quantity))
    return True


def reserve(at: Addresses, command: Reserve) -> bool:
    return again(lambda: sell(at, command, psycopg.IsolationLevel.SERIALIZABLE, lambda free: 0))


def reserve_optimistic(at: Addresses, command: Reserve) -> bool:
    return again(lambda: sell(at, command, psycopg.IsolationLevel.REPEATABLE_READ, price_of))


def reserve_cart(at: Addresses, command: Reserve) -> bool:
    with psycopg.connect(at.postgres) as connection:
        items = [item for item, _ in command.lines]
        rows = connection.execute(
            "select item, free from stock where item = any(%s) order by item for update", [items]
        ).fetchall()
        free = dict(rows)
        if any(free[item] < quantity for item, quantity in command.lines):
            return False
        for item, quantity in command.lines:
            connection.execute("update stock set free = free - %s where item = %s", [quantity, item])
            connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True
