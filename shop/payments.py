"""Payments: what can become of a charge, and a thin client for the gateway that takes the money.

A request to the gateway ends in one of three ways: with a :class:`Receipt` (*charged*, *declined*, *refunded*: that is how it is),
with an error that surely had no effect, or with :class:`Unknown`: nobody here knows. Underneath is plain HTTP.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import quote

from shop.commands import Charge, Refund
from shop.network import Refused, Unavailable

__all__ = [
    "TIMEOUT_S", "WINDOW_S", "Gateway", "InProgress", "KeyReused", "Receipt", "Unknown", "answered", "receipt_of", "understood",
]  # fmt: skip

WINDOW_S = 24 * 60 * 60
"""For how many seconds the gateway remembers a key after its first use."""
TIMEOUT_S = 1.0
"""How long the client waits for the gateway, unless it is told otherwise."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of one charge or refund, for good."""

    key: str
    status: Literal["charged", "declined", "refunded"]
    id: str = ""
    """The gateway's own number: ``ch-1``, ``re-1``. Empty where the card was declined: nothing was taken."""
    amount: int = 0
    """What was taken or given back, in cents."""


class Unknown(Exception):
    """No answer came. The request may have had its effect, or not: ask again with the same key, or look the key up."""


class InProgress(Exception):
    """Somebody is at work on this very key, and there is no result yet: ask again later, with the same key."""


class KeyReused(Refused):
    """This key belongs to another payment: same key, other body. Nothing was done."""

    def __init__(self, reason: str = "this key was used for another payment", status: int = 422) -> None:
        super().__init__(reason, status)


class Gateway:
    """The payment gateway at ``address`` (``at.gateway``); every call is one HTTP request on a connection of its own.

    All calls raise Unknown when no answer came within ``timeout_s``, and Unavailable (surely no effect) when the gateway
    takes nothing on.

    >>> gateway = Gateway(at.gateway)
    >>> gateway.charge(Charge(key="pay-1", purchase_id="p-1", buyer="Ada", amount=4900))
    Receipt(key='pay-1', status='charged', id='ch-1', amount=4900)
    """

    def __init__(self, address: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.address = address
        self.timeout_s = timeout_s

    def charge(self, charge: Charge) -> Receipt:
        """``POST /charges``: the same key and body give the same receipt, for as long as the gateway remembers the key.

        Raises KeyReused for the same key with another body, InProgress while an earlier request with it is under way.
        """
        return self._post("/charges", charge)

    def refund(self, refund: Refund) -> Receipt:
        """``POST /refunds``: give money back, once per key. Raises Refused for more than is left of the charge."""
        return self._post("/refunds", refund)

    def look_up(self, key: str) -> Receipt | None:
        """``GET /charges/KEY``: what became of a charge's key; None when the gateway does not know it (any more).

        Raises InProgress while the request is under way.
        """
        return self._get(f"/charges/{quote(key, safe='')}")

    def look_up_refund(self, key: str) -> Receipt | None:
        """``GET /refunds/KEY``: the same for a refund's key."""
        return self._get(f"/refunds/{quote(key, safe='')}")

    def charges_of(self, purchase_id: str) -> list[Receipt]:
        """``GET /charges?purchase_id=…``: the statement: every charge ever made for a purchase, forgotten key or not."""
        answer = self._answered("GET", f"/charges?purchase_id={quote(purchase_id)}")[1]
        return [receipt_of(row) for row in answer["charges"]]

    def _post(self, path: str, command: Charge | Refund) -> Receipt:
        body = asdict(command)
        headers = {"Idempotency-Key": body.pop("key")}
        return receipt_of(self._answered("POST", path, body, headers)[1])

    def _get(self, path: str) -> Receipt | None:
        status, answer = self._answered("GET", path)
        return None if status == 404 else receipt_of(answer)

    def _answered(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        return answered(self.address, self.timeout_s, method, path, body, headers)


def answered(
    address: str,
    timeout_s: float,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    """One request to a service of the shop, on a connection of its own: its status and its answer, or the error that they mean."""
    from http.client import HTTPConnection, HTTPException  # here: whoever never asks never loads it

    connection = HTTPConnection(address.removeprefix("http://"), timeout=timeout_s)
    try:
        connection.connect()
    except OSError as error:
        raise Unavailable(f"nobody takes connections at {address}: {error}") from error
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
        response = connection.getresponse()
        status, answer = response.status, json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise Unknown(f"no answer to {method} {path}: {type(error).__name__}") from error
    finally:
        connection.close()
    return understood(status, answer)


def understood(status: int, answer: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The answer, or the error that it stands for; a declined card (402) and an unknown key (404) are answers."""
    reason = str(answer.get("error", ""))
    if status == 409:
        raise InProgress(reason)
    if status == 422:
        raise KeyReused(reason)
    if status == 503:
        raise Unavailable(reason)
    if status >= 500:
        raise Unknown(reason)
    if status >= 400 and status not in (402, 404):
        raise Refused(reason, status)
    return status, answer


def receipt_of(row: dict[str, Any]) -> Receipt:
    """A row of the gateway's books as a receipt."""
    return Receipt(key=row["key"], status=row["status"], id=row["id"], amount=row["amount"])
