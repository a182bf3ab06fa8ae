"""It reckons without a lock and begins again when somebody was faster."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve, price_of

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve_pessimistic(at: Addresses, command: Reserve) -> bool:
    ((item, quantity),) = command.lines
    with psycopg.connect(at.postgres) as connection:
        while True:
            free, version = connection.execute("select free, version from stock where item = %s", [item]).fetchone()
            if free < quantity:
                return False
            taken = connection.execute(
                "update stock set free = free - %s, version = version + 1 where item = %s and version = %s",
                [quantity, item, version],
            )
            if taken.rowcount == 1:
                price = quantity * price_of(free)
                connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, price))
                return True
