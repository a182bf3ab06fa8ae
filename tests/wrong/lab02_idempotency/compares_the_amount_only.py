"""It takes two bodies for one when their amounts are equal."""

import psycopg
from psycopg.rows import class_row

from shop import Addresses, Charge, Gateway, InProgress, KeyReused, Receipt, Unavailable, Unknown


def charge(at: Addresses, command: Charge) -> Receipt:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        note_wish(connection, command)
        if wish_of(connection, command.key).amount != command.amount:
            raise KeyReused()
        stored = stored_answer(connection, command.key)
        if stored is not None:
            return stored
        gateway = Gateway(at.gateway)
        receipt = find_out(gateway, command) or gateway.charge(command)
        store_answer(connection, receipt)
        return receipt


def note_wish(connection: psycopg.Connection, command: Charge) -> None:
    """Commit that this is about to be asked for; an earlier attempt's note stays as it is."""
    connection.execute(
        """
        insert into payment (key, purchase_id, buyer, amount)
        values (%s, %s, %s, %s)
        on conflict (key) do nothing
        """,
        (command.key, command.purchase_id, command.buyer, command.amount),
    )


def wish_of(connection: psycopg.Connection, key: str) -> Charge:
    cursor = connection.cursor(row_factory=class_row(Charge))
    return cursor.execute("select key, purchase_id, buyer, amount from payment where key = %s", (key,)).fetchone()


def stored_answer(connection: psycopg.Connection, key: str) -> Receipt | None:
    cursor = connection.cursor(row_factory=class_row(Receipt))
    return cursor.execute(
        """
        select key, status, coalesce(charge_id, '') as id,
               case status when 'charged' then amount else 0 end as amount
          from payment
         where key = %s and status <> 'started'
        """,
        (key,),
    ).fetchone()


def store_answer(connection: psycopg.Connection, receipt: Receipt) -> None:
    connection.execute(
        "update payment set status = %s, charge_id = %s where key = %s and status = 'started'",
        (receipt.status, receipt.id or None, receipt.key),
    )


def find_out(gateway: Gateway, command: Charge) -> Receipt | None:
    """What became of this key: first by the key, and where that is forgotten, in the statement."""
    receipt = gateway.look_up(command.key)
    if receipt is None:
        receipt = next((one for one in gateway.charges_of(command.purchase_id) if one.key == command.key), None)
    return receipt


def reconcile(at: Addresses) -> int:
    settled = 0
    gateway = Gateway(at.gateway)
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        cursor = connection.cursor(row_factory=class_row(Charge))
        wishes = cursor.execute("select key, purchase_id, buyer, amount from payment where status = 'started'").fetchall()
        for wish in wishes:
            try:
                receipt = find_out(gateway, wish)
            except (InProgress, Unavailable, Unknown):
                continue  # nobody knows yet: the next call asks again
            if receipt is not None:
                store_answer(connection, receipt)
                settled += 1
    return settled
