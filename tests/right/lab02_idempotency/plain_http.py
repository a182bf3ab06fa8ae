"""Another shape: no client of the shop, one statement that notes and asks, HTTP by hand."""

import json
import urllib.error
import urllib.parse
import urllib.request

import psycopg

from shop import Addresses, Charge, InProgress, KeyReused, Receipt

NOTE = """
insert into payment as known (key, purchase_id, buyer, amount)
values (%(key)s, %(purchase_id)s, %(buyer)s, %(amount)s)
on conflict (key) do update set key = excluded.key
returning known.purchase_id, known.buyer, known.amount, known.status, known.charge_id
"""


def charge(at: Addresses, command: Charge) -> Receipt:
    wish = {"purchase_id": command.purchase_id, "buyer": command.buyer, "amount": command.amount}
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        *body, status, charge_id = connection.execute(NOTE, {"key": command.key, **wish}).fetchone()
        if body != list(wish.values()):
            raise KeyReused()
        if status == "started":
            row = on_statement(at, command.purchase_id, command.key) or post(at, command.key, wish)
            status, charge_id = row["status"], row["id"]
            store(connection, command.key, status, charge_id)
    return Receipt(key=command.key, status=status, id=charge_id or "", amount=command.amount if status == "charged" else 0)


def reconcile(at: Addresses) -> int:
    settled = 0
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        for key, purchase_id in connection.execute("select key, purchase_id from payment where status = 'started'").fetchall():
            code, row = ask(at, "GET", f"/charges/{urllib.parse.quote(key, safe='')}")
            if code == 404:
                row = on_statement(at, purchase_id, key)
            if row and "status" in row:
                store(connection, key, row["status"], row["id"])
                settled += 1
    return settled


def store(connection: psycopg.Connection, key: str, status: str, charge_id: str) -> None:
    connection.execute("update payment set status = %s, charge_id = nullif(%s, '') where key = %s", (status, charge_id, key))


def post(at: Addresses, key: str, wish: dict) -> dict:
    code, row = ask(at, "POST", "/charges", wish, {"Idempotency-Key": key})
    if code == 409:
        raise InProgress()
    if "status" not in row:
        raise RuntimeError(f"the gateway says {code} {row}")
    return row


def on_statement(at: Addresses, purchase_id: str, key: str) -> dict | None:
    _, answer = ask(at, "GET", f"/charges?purchase_id={urllib.parse.quote(purchase_id)}")
    return next((row for row in answer["charges"] if row["key"] == key), None)


def ask(at: Addresses, method: str, path: str, body: dict | None = None, headers: dict | None = None) -> tuple[int, dict]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(at.gateway + path, data, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=1.0) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
