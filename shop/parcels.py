"""Parcels: what can become of one, and a thin client for the warehouse that packs them.

A request to the warehouse ends in one of three ways: with a :class:`Parcel` (that is how it is), with Unavailable (this
request surely had no effect), or with Unknown: nobody here knows. Underneath is plain HTTP.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import quote

from shop.commands import Pack
from shop.payments import TIMEOUT_S, Unknown, answered

__all__ = ["Parcel", "Warehouse"]


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What has become of one key, for good."""

    key: str
    status: Literal["packed", "refused", "cancelled"]
    """``packed``: it is on its way to the buyer, and nobody can call it back. The other two: no such parcel will ever leave."""
    reason: str = ""


class Warehouse:
    """The warehouse at ``address`` (``at.warehouse``); every call is one HTTP request on a connection of its own.

    All calls raise Unknown when no answer came within ``timeout_s``, and Unavailable when the warehouse takes nothing on:
    that says something of this one request, and nothing of an earlier one.

    >>> Warehouse(at.warehouse).pack(Pack(key="p-1", purchase_id="p-1", item="lamp", quantity=1))
    Parcel(key='p-1', status='packed', reason='')
    """

    def __init__(self, address: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.address = address
        self.timeout_s = timeout_s

    def pack(self, pack: Pack) -> Parcel:
        """``POST /parcels``: the same key gives the same parcel. What it says, ``packed`` or ``refused``, is for good."""
        body = asdict(pack)
        return self._parcel("POST", "/parcels", body, {"Idempotency-Key": body.pop("key")})

    def cancel(self, key: str) -> Parcel:
        """``DELETE /parcels/KEY``: from now on nothing will be packed under this key, also if the request is still on its way.

        The answer says what holds: ``cancelled`` (or ``refused``), or ``packed``, which means that you come too late.
        """
        return self._parcel("DELETE", f"/parcels/{quote(key, safe='')}")

    def look_up(self, key: str) -> Parcel | None:
        """``GET /parcels/KEY``: what has become of a key; None when the warehouse has not heard of it *yet*."""
        status, answer = answered(self.address, self.timeout_s, "GET", f"/parcels/{quote(key, safe='')}")
        return None if status == 404 else Parcel(**answer)

    def _parcel(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Parcel:
        status, answer = answered(self.address, self.timeout_s, method, path, body, headers)
        if status != 200:
            raise Unknown(f"{method} {path} was answered with {status}")
        return Parcel(**answer)
