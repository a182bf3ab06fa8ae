"""The warehouse: an HTTP service that packs what was ordered, once per key, as long as it is in the mood.

- ``POST /parcels``, header ``Idempotency-Key``, body ``{purchase_id, item, quantity}``: packs a parcel, or refuses for good.
- ``DELETE /parcels/KEY``: nothing will be packed under this key any more; what is packed stays packed.
- ``GET /parcels/KEY``: what has become of a key; 404 when nobody has asked for it yet.

The answer to all three is ``{key, status, reason}`` with a status of packed, refused or cancelled. With 503 the request
that it answers had no effect.
"""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from shop.gateway import JsonDoor

__all__ = ["MOODS", "Warehouse", "serve"]

MOODS = {
    "": "It packs what it is asked for.",
    "stands still": "It packs nothing: 503. Its desk, which cancels and answers questions, is open.",
    "opens later": "The first request to pack is answered with 503; then it packs.",
    "refuses": "It has none left: every request to pack is refused, for good.",
    "goes away": "When it has packed a parcel, it answers the next two requests with 503, whatever they ask.",
    "is slow": "It hangs up on the first request to pack, without an answer, and packs the parcel some time later.",
}
"""How it treats those who come, by name."""

PAUSE_REQUESTS = 2
"""How many requests find it closed when it goes away."""

Answer = tuple[int, dict[str, Any]]
HANGS_UP: Answer = (0, {})


class Warehouse:
    """What has become of every key, and what the warehouse is told to do wrong."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.reset()

    def reset(self, mood: str = "") -> None:
        """As if nothing had ever happened; from now on in this mood."""
        if mood not in MOODS:
            raise ValueError(f"{mood!r}: there are {', '.join(filter(None, MOODS))}")
        with self._lock:
            self.mood = mood
            self._known: dict[str, dict[str, Any]] = {}
            self._late: dict[str, dict[str, Any]] = {}
            self._asked = 0
            self._closed_for = 0

    def parcels(self) -> tuple[dict[str, Any], ...]:
        """Every parcel that has been packed, in order: key, purchase_id, item, quantity."""
        with self._lock:
            return tuple(dict(known["parcel"]) for known in self._known.values() if known["status"] == "packed")

    def settle(self) -> None:
        """What it is slow with gets done now."""
        with self._lock:
            late, self._late = self._late, {}
            for key, parcel in late.items():
                if key not in self._known:
                    self._decide(key, parcel, "packed")

    def pack(self, key: str, parcel: Any) -> Answer:
        """``POST /parcels``"""
        with self._lock:
            if not key or not _is_parcel(parcel):
                return 400, {"error": "a parcel needs a key, purchase_id, item and a quantity above 0"}
            if self._is_closed():
                return _closed()
            self._asked += 1
            if key in self._known:
                return self._say(key)
            if self.mood == "stands still" or (self.mood == "opens later" and self._asked == 1):
                return _closed()
            if self.mood == "is slow" and self._asked == 1:
                self._late[key] = parcel
                return HANGS_UP
            self._late.pop(key, None)
            if self.mood == "refuses":
                self._decide(key, parcel, "refused", f"no {parcel['item']} is left")
            else:
                self._decide(key, parcel, "packed")
                self._closed_for = PAUSE_REQUESTS if self.mood == "goes away" else 0
            return self._say(key)

    def cancel(self, key: str) -> Answer:
        """``DELETE /parcels/KEY``"""
        with self._lock:
            if self._is_closed():
                return _closed()
            if key not in self._known:
                self._decide(key, self._late.pop(key, {}), "cancelled", "you have cancelled it")
            return self._say(key)

    def look_up(self, key: str) -> Answer:
        """``GET /parcels/KEY``"""
        with self._lock:
            if self._is_closed():
                return _closed()
            return self._say(key) if key in self._known else (404, {"error": "nobody has asked for this parcel"})

    def _is_closed(self) -> bool:
        closed = self._closed_for > 0
        self._closed_for -= closed
        return closed

    def _decide(self, key: str, parcel: dict[str, Any], status: str, reason: str = "") -> None:
        self._known[key] = {"status": status, "reason": reason, "parcel": {"key": key, **parcel}}

    def _say(self, key: str) -> Answer:
        known = self._known[key]
        return 200, {"key": key, "status": known["status"], "reason": known["reason"]}


def _closed() -> Answer:
    return 503, {"error": "the warehouse takes nothing on at the moment"}


def _is_parcel(body: Any) -> bool:
    fields = {"purchase_id": str, "item": str, "quantity": int}
    return (
        isinstance(body, dict)
        and set(body) == set(fields)
        and all(type(body[name]) is kind for name, kind in fields.items())
        and body["quantity"] > 0
    )


class _Door(JsonDoor):
    """One connection to the warehouse."""

    warehouse: Warehouse

    def do_POST(self) -> None:
        body = self.body()
        there = self.path.strip("/") == "parcels"
        self._give(self.warehouse.pack(self.headers.get("Idempotency-Key", ""), body) if there else _nothing_here())

    def do_DELETE(self) -> None:
        key = self._key()
        self._give(self.warehouse.cancel(key) if key else _nothing_here())

    def do_GET(self) -> None:
        key = self._key()
        self._give(self.warehouse.look_up(key) if key else _nothing_here())

    def _key(self) -> str:
        what, _, key = self.path.strip("/").partition("/")
        return unquote(key) if what == "parcels" else ""

    def _give(self, answer: Answer) -> None:
        if answer is HANGS_UP:
            self.close_connection = True
        else:
            self.say(*answer)


def _nothing_here() -> Answer:
    return 404, {"error": "there is nothing here"}


def serve(warehouse: Warehouse, port: int = 0) -> ThreadingHTTPServer:
    """Listen (loopback only) in a thread; the caller keeps the server and shuts it down."""
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Door", (_Door,), {"warehouse": warehouse}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return server
