"""It commits each item and gives back what it took in vain: meanwhile others were told no."""

from __future__ import annotations

import psycopg

from shop import Addresses, Reserve

KEEP = "insert into reservation (id, buyer, item, quantity, price) values (%s, %s, %s, %s, %s)"


TAKE = "update stock set free = free - %s where item = %s and free >= %s"
GIVE_BACK = "update stock set free = free + %s where item = %s"


def reserve_cart(at: Addresses, command: Reserve) -> bool:
    taken = []
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        for item, quantity in sorted(command.lines):
            if connection.execute(TAKE, [quantity, item, quantity]).rowcount == 0:
                for other, count in taken:
                    connection.execute(GIVE_BACK, [count, other])
                return False
            taken.append((item, quantity))
        for item, quantity in command.lines:
            connection.execute(KEEP, (command.reservation_id, command.buyer, item, quantity, 0))
    return True
