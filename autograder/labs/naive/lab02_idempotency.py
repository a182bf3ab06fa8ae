"""The naive hand-in of lab 2: it looks whether it has been here before, charges without a key, and then writes it down."""

from __future__ import annotations

from dataclasses import replace

import psycopg
from psycopg.rows import class_row

from shop import Addresses, Charge, Gateway, Receipt

__all__ = ["charge", "reconcile"]


def charge(at: Addresses, command: Charge) -> Receipt:
    """Charge where no earlier receipt is found, and keep the receipt."""
    find = "select key, status, charge_id as id, amount from payment where key = %s"
    keep = "insert into payment (key, purchase_id, buyer, amount, status, charge_id) values (%s, %s, %s, %s, %s, %s)"
    with psycopg.connect(at.postgres) as connection:
        known = connection.cursor(row_factory=class_row(Receipt)).execute(find, (command.key,)).fetchone()
        if known is not None:
            return known
        receipt = replace(Gateway(at.gateway).charge(replace(command, key="")), key=command.key)
        body = (command.key, command.purchase_id, command.buyer, command.amount)
        connection.execute(keep, (*body, receipt.status, receipt.id))
        return receipt


def reconcile(at: Addresses) -> int:
    """Every payment has its receipt."""
    return 0
