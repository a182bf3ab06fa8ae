"""No pool at all: as many connections as there are requests at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from shop import Addresses, Reserve

KEEP = "insert into reservation (id, buyer, item, quantity) values (%s, %s, %s, %s)"
TAKE = "update stock set free = free - %s where item = %s and free >= %s"


def serve(at: Addresses, commands: list[Reserve]) -> list[bool]:
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda command: answer(at, command), commands))


def answer(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        if connection.execute(TAKE, [quantity, item, quantity]).rowcount == 0:
            return False
        connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity))
    return True
