"""Whoever is told no leaves the function early, and its connection never comes back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from psycopg_pool import ConnectionPool

from shop import Addresses, Reserve

KEEP = "insert into reservation (id, buyer, item, quantity) values (%s, %s, %s, %s)"
TAKE = "update stock set free = free - %s where item = %s and free >= %s"


def serve(at: Addresses, commands: list[Reserve]) -> list[bool]:
    with ConnectionPool(at.postgres, min_size=2, max_size=2) as pool, ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda command: answer(pool, command), commands))


def answer(pool: ConnectionPool, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    connection = pool.getconn()
    if connection.execute(TAKE, [quantity, item, quantity]).rowcount == 0:
        return False
    connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity))
    connection.commit()
    pool.putconn(connection)
    return True
