"""Each request holds one connection and waits for a second one: with two of them, two requests wait for ever."""

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
    with pool.connection() as connection:
        (free,) = connection.execute("select coalesce(sum(free), 0) from stock where item = %s", [item]).fetchone()
        return free >= quantity and take(pool, command)


def take(pool: ConnectionPool, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with pool.connection() as connection:
        if connection.execute(TAKE, [quantity, item, quantity]).rowcount == 0:
            return False
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity))
    return True
