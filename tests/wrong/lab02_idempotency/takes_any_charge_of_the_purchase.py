"""An attempt that finds an open note takes any charge of the purchase on the statement for its own."""

import psycopg
from psycopg.rows import class_row

from shop import Addresses, Charge, Gateway, InProgress, KeyReused, Receipt, Unavailable, Unknown


def charge(at: Addresses, command: Charge) -> Receipt:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        is_new = note_wish(connection, command)
        if wish_of(connection, command.key) != command:
            raise KeyReused()
        stored = stored_answer(connection, command.key)
        if stored is not None:
            return stored
        gateway = Gateway(at.gateway)
        found = None if is_new else gateway.look_up(command.key) or on_statement(gateway, command)
        receipt = found or gateway.charge(command)
        store_answer(connection, receipt)
        return receipt


def note_wish(connection: psycopg.Connection, command: Charge) -> bool:
    """Commit that this is about to be asked for; was there no note of an earlier attempt?"""
    added = connection.execute(
        """
        insert into payment (key, purchase_id, buyer, amount)
        values (%s, %s, %s, %s)
        on conflict (key) do nothing
        """,
        (command.key, command.purchase_id, command.buyer, command.amount),
    )
    return added.rowcount == 1


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


def on_statement(gateway: Gateway, command: Charge) -> Receipt | None:
    found = next(iter(gateway.charges_of(command.purchase_id)), None)
    return found and Receipt(key=command.key, status=found.status, id=found.id, amount=found.amount)


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
