"""The gateway gets no key, so whoever asks twice pays twice."""

from dataclasses import replace

import psycopg
from psycopg.rows import class_row

from shop import Addresses, Charge, Gateway, Receipt


def naive_charge(at: Addresses, command: Charge) -> Receipt:
    with psycopg.connect(at.postgres) as connection:
        stored = stored_answer(connection, command.key)
        if stored is None:
            stored = replace(Gateway(at.gateway).charge(replace(command, key="")), key=command.key)
            note_wish(connection, command)
            store_answer(connection, stored)
        return stored


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
