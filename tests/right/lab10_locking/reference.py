"""The reference: one conditional statement, a version that is compared, and one order for all baskets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg_pool import ConnectionPool

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
        "update stock set free = free - %s, version = version + 1 where item = %s and free >= %s",
        (quantity, item, quantity),
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
        (free,) = connection.execute("select free from stock where item = %s for update", (item,)).fetchone()
        if free < quantity:
            return False
        connection.execute("update stock set free = free - %s where item = %s", (quantity, item))
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, quantity * price_of(free)))
    return True


PAGE = """
    select customer_order.id, item, quantity
      from customer_order
      left join order_line on order_id = customer_order.id
     where buyer = %s
     order by placed_on desc, customer_order.id desc, number
"""


def orders_of(at: Addresses, buyer: str) -> list[dict]:
    page: dict[int, list[tuple[str, int]]] = {}
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        for number, item, quantity in connection.execute(PAGE, (buyer,)):
            lines = page.setdefault(number, [])
            if item is not None:
                lines.append((item, quantity))
    return [{"id": number, "lines": lines} for number, lines in page.items()]


def index_for_open_orders(at: Addresses) -> str:
    return "create index on customer_order (buyer, status, placed_on desc, id desc)"


def serve(at: Addresses, commands: list[Reserve]) -> list[bool]:
    with ConnectionPool(at.postgres, min_size=1, max_size=2) as pool, ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda command: reserve_with(pool, command), commands))


def reserve_with(pool: ConnectionPool, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with pool.connection() as connection:
        if not take(connection, item, quantity):
            return False
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True


def anomalies() -> dict[str, str]:
    possible = {
        "dirty read": (),
        "non-repeatable read": ("read committed",),
        "phantom": ("read committed",),
        "read skew": ("read committed",),
        "lost update": ("read committed",),
        "write skew": ("read committed", "repeatable read"),
    }
    levels = ("read committed", "repeatable read", "serializable")
    return {
        f"{name}, {level}": "possible" if level in admits else "impossible"
        for name, admits in possible.items()
        for level in levels
    }
