"""Another shape: the row's lock is held while the gateway is asked, and only old wishes need the statement."""

import psycopg
from psycopg.rows import dict_row

from shop import Addresses, Charge, Gateway, InProgress, KeyReused, Receipt, Unavailable, Unknown

OLD = "started_at < now() - interval '23 hours' as old"


def charge(at: Addresses, command: Charge) -> Receipt:
    with psycopg.connect(at.postgres, row_factory=dict_row) as connection:
        connection.execute(
            "insert into payment (key, purchase_id, buyer, amount) values (%s, %s, %s, %s) on conflict do nothing",
            (command.key, command.purchase_id, command.buyer, command.amount),
        )
        connection.commit()
        row = connection.execute(f"select *, {OLD} from payment where key = %s for update", (command.key,)).fetchone()
        if (row["purchase_id"], row["buyer"], row["amount"]) != (command.purchase_id, command.buyer, command.amount):
            raise KeyReused(f"{command.key} is another payment's key")
        if row["status"] == "started":
            row |= _noted(connection, _taken(Gateway(at.gateway), command, row["old"]))
        return _receipt(row)


def reconcile(at: Addresses) -> int:
    gateway, settled = Gateway(at.gateway), 0
    with psycopg.connect(at.postgres, row_factory=dict_row) as connection:
        rows = connection.execute("select * from payment where status = 'started' for update skip locked").fetchall()
        for row in rows:
            try:
                receipt = gateway.look_up(row["key"]) or _on_the_statement(gateway, row["purchase_id"], row["key"])
            except (InProgress, Unavailable, Unknown):
                continue
            if receipt:
                _noted(connection, receipt)
                settled += 1
    return settled


def _taken(gateway: Gateway, command: Charge, old: bool) -> Receipt:
    """Within the window the gateway recognises the key; beyond it only the statement remembers."""
    made = _on_the_statement(gateway, command.purchase_id, command.key) if old else None
    return made or gateway.charge(command)


def _on_the_statement(gateway: Gateway, purchase_id: str, key: str) -> Receipt | None:
    return next((made for made in gateway.charges_of(purchase_id) if made.key == key), None)


def _noted(connection: psycopg.Connection, receipt: Receipt) -> dict:
    row = {"status": receipt.status, "charge_id": receipt.id or None}
    connection.execute("update payment set status = %(status)s, charge_id = %(charge_id)s where key = %(key)s", {**row, "key": receipt.key})
    return row


def _receipt(row: dict) -> Receipt:
    taken = row["amount"] if row["status"] == "charged" else 0
    return Receipt(key=row["key"], status=row["status"], id=row["charge_id"] or "", amount=taken)
