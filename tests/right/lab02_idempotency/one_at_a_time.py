"""Another shape: an advisory lock per key; who does not get it is told that somebody is at work."""

from contextlib import contextmanager

import json

import psycopg

from shop import Addresses, Charge, Gateway, InProgress, KeyReused, Receipt, Unavailable, Unknown


@contextmanager
def alone_with(at: Addresses, key: str):
    """A session that has this key to itself; the lock goes with the session, so also when its process is killed."""
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        if not connection.execute("select pg_try_advisory_lock(hashtext(%s))", (key,)).fetchone()[0]:
            raise InProgress(key)
        yield connection


def charge(at: Addresses, command: Charge) -> Receipt:
    body = (command.purchase_id, command.buyer, command.amount)
    with alone_with(at, command.key) as connection:
        columns = "select purchase_id, buyer, amount, status, charge_id from payment where key = %s"
        row = connection.execute(columns, (command.key,)).fetchone()
        if row is None:
            connection.execute(
                "insert into payment (key, purchase_id, buyer, amount) values (%s, %s, %s, %s)", (command.key, *body)
            )
        elif row[:3] != body:
            raise KeyReused()
        elif row[3] != "started":
            return Receipt(key=command.key, status=row[3], id=row[4] or "", amount=command.amount if row[4] else 0)
        return settled(connection, Gateway(at.gateway), command, can_charge=True)


def reconcile(at: Addresses) -> int:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        rows = connection.execute("select key, purchase_id, buyer, amount from payment where status = 'started'").fetchall()
    count = 0
    for key, purchase_id, buyer, amount in rows:
        try:
            with alone_with(at, key) as connection:
                wish = Charge(key=key, purchase_id=purchase_id, buyer=buyer, amount=amount)
                count += settled(connection, Gateway(at.gateway), wish, can_charge=False) is not None
        except (InProgress, Unavailable, Unknown):
            pass
    return count


def settled(connection: psycopg.Connection, gateway: Gateway, wish: Charge, *, can_charge: bool) -> Receipt | None:
    """Ask the gateway by key, then by statement, and charge where that is wanted; whatever it says is noted."""
    receipt = gateway.look_up(wish.key)
    for made in gateway.charges_of(wish.purchase_id) if receipt is None else ():
        receipt = made if made.key == wish.key else receipt
    if receipt is None and can_charge:
        receipt = gateway.charge(wish)
    if receipt is not None:
        connection.execute(
            "update payment set status = %s, charge_id = %s where key = %s",
            (receipt.status, receipt.id or None, wish.key),
        )
    return receipt


ORDER = ("started", "charged", "declined")


def mark(at: Addresses, key: str, status: str) -> str:
    """The token says no position: it says what the session knows of each payment."""
    with psycopg.connect(at.postgres, autocommit=True) as primary:
        primary.execute("update payment set status = %s where key = %s", (status, key))
    return json.dumps({key: status})


def look(at: Addresses, key: str, token: str) -> tuple[str, str]:
    known = json.loads(token or "{}")
    for address in (at.replica, at.postgres):
        with psycopg.connect(address, autocommit=True) as connection:
            (status,) = connection.execute("select status from payment where key = %s", (key,)).fetchone()
        if ORDER.index(status) >= ORDER.index(known.get(key, ORDER[0])):
            break
    return status, json.dumps(known | {key: status})
