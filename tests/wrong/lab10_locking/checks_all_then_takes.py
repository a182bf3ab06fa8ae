"""It checks the whole basket first; by the time it takes, another has taken."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


def reserve_cart(at: Addresses, command: Reserve) -> bool:
    with psycopg.connect(at.postgres) as connection:
        for item, quantity in sorted(command.lines):
            (free,) = connection.execute("select free from stock where item = %s", [item]).fetchone()
            if free < quantity:
                return False
        for item, quantity in sorted(command.lines):
            connection.execute("update stock set free = greatest(free - %s, 0) where item = %s", [quantity, item])
            connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True
