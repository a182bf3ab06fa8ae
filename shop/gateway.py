"""The payment gateway: an HTTP service of its own that takes the buyers' money. ``python -m shop.gateway PORT CONTROL_PORT [FILE]``.

- ``POST /charges``, ``POST /refunds``: header ``Idempotency-Key``. Same key, same body: the same answer, and no second charge,
  for WINDOW_S after the key's first use. Same key, other body: 422. Without a key every request is a new one.
- ``GET /charges/KEY``, ``GET /refunds/KEY``: what became of a key; 404 when it is not known (any more).
- ``GET /charges?purchase_id=P``: the statement, which is never forgotten.
- ``webhook``: where it is set, the gateway also tells that address of every charge and refund, at least once.

Nothing goes wrong here unless the *sandbox* is told so, on a port of its own: :data:`BEHAVIOURS`. With a FILE it writes down
what it has done before it answers, and knows it again when it is started anew; without one, what it knows ends with it.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.request
import zlib
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from shop.payments import WINDOW_S

__all__ = ["BEHAVIOURS", "Books", "JsonDoor", "Reply", "is_declined", "main", "serve"]

BEHAVIOURS = {
    "silent": "It does what it is asked and never answers; the connection stays open.",
    "hangs up": "It does what it is asked and closes the connection without an answer.",
    "drops": "It closes the connection without an answer and does nothing: to the caller this looks like 'hangs up'.",
    "late": "It closes the connection, and does what it was asked when the key has been asked about twice more, or time has passed.",
    "declines": "The card is declined: 402, and nothing is taken.",
    "unavailable": "It takes nothing on at the moment: 503, and nothing is done.",
    "tells twice": "It sends its webhook two times.",
}
"""How a request can be treated, by name."""

LATE_LOOKS = 2
FIELDS = {"charge": {"purchase_id": str, "buyer": str, "amount": int}, "refund": {"charge_id": str, "amount": int}}

Reply = tuple[int, dict[str, Any]]


def is_declined(purchase_id: str, number: int) -> bool:
    """Is this one of every ``number`` purchases whose card is declined, however often and under whatever key it is charged?"""
    return zlib.crc32(purchase_id.encode()) % number == 0


class Books:
    """Everything that the gateway knows: what was charged, which key is whose, and how it should behave."""

    def __init__(self, written: Path | None = None) -> None:
        self._lock = threading.RLock()
        self.webhook = ""
        self._file = None
        self.reset()
        if written is not None:
            self._remember(written)
            self._file = written.open("a", encoding="utf-8", buffering=1)

    def reset(self) -> None:
        """As if nothing had ever happened."""
        with self._lock:
            self.rows: dict[str, list[dict[str, Any]]] = {"charge": [], "refund": []}
            self._keys: dict[tuple[str, str], dict[str, Any]] = {}
            self._plan: dict[tuple[str, str, int], str] = {}
            self._every: dict[tuple[str, str], int] = {}
            self._seen: Counter[tuple[str, str]] = Counter()
            self._ahead_s = 0.0
            if self._file is not None:
                self._file.truncate(0)

    def _remember(self, written: Path) -> None:
        """Read what an earlier gateway wrote down; a last line that it did not finish was never answered."""
        for line in written.read_text("utf-8").splitlines() if written.exists() else ():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            what, key, answer = entry["what"], entry["key"], tuple(entry["answer"])
            if answer[0] == 201:
                self.rows[what].append(dict(answer[1]))
            if key:
                self._keys[what, key] = {"body": entry["body"], "since": entry["since"], "answer": answer, "looks": 0}

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def misbehave(self, what: str, number: int, behaviour: str, of: str = "", every: bool = False) -> None:
        """Treat the ``number``-th request of this kind (``charge``, ``refund``; counted from the reset) so.

        With ``of``, a purchase (a charge, for refunds), only its requests are counted. With ``every``, not the
        ``number``-th alone but each ``number``-th of all; ``declines`` strikes purchases then, see :func:`is_declined`.
        """
        if what not in FIELDS or behaviour not in BEHAVIOURS:
            raise ValueError(f"{behaviour!r} for a {what!r}: there are {', '.join(BEHAVIOURS)}")
        with self._lock:
            if every:
                self._every[what, behaviour] = number
            else:
                self._plan[what, of, number] = behaviour

    def pass_time(self, seconds: float) -> None:
        """The gateway's clock jumps ahead: what it remembers grows old, and what was late is done by then."""
        with self._lock:
            self._ahead_s += seconds
            for (what, key), entry in self._keys.items():
                self._finish_late(what, key, entry)

    def ledger(self) -> dict[str, list[dict[str, Any]]]:
        """Every charge and refund that was made, in order."""
        with self._lock:
            return {"charges": [dict(row) for row in self.rows["charge"]], "refunds": [dict(row) for row in self.rows["refund"]]}

    def post(self, what: str, key: str, body: Any) -> tuple[Reply, str]:
        """A request to charge or to refund: the answer, and the behaviour that was planned for it."""
        with self._lock:
            wrong = _wrong(what, body)
            if wrong:
                return _refusal(400, wrong), ""
            behaviour = self._planned(what, body["purchase_id" if what == "charge" else "charge_id"])
            if behaviour == "unavailable":
                return _refusal(503, "the gateway takes nothing on at the moment"), behaviour
            if behaviour == "drops":
                return _refusal(500, "dropped"), behaviour
            known = self._known(what, key)
            if known is not None:
                return self._repeated(known, body), behaviour
            entry = {"body": body, "since": self._now(), "answer": None, "looks": 0}
            if key:
                self._keys[what, key] = entry
            if behaviour != "late":
                entry["answer"] = self._do(what, key, body, entry["since"], declines=behaviour == "declines")
            return entry["answer"] or _refusal(409, "in progress"), behaviour

    def look_up(self, what: str, key: str) -> Reply:
        """What became of a key."""
        with self._lock:
            known = self._known(what, key)
            if known is None:
                return _refusal(404, f"no {what} with this key is known")
            status, answer = self._answer_of(known)
            return (200, answer) if "status" in answer else (status, answer)

    def statement(self, purchase_id: str) -> Reply:
        """Every charge of a purchase."""
        with self._lock:
            return 200, {"charges": [dict(row) for row in self.rows["charge"] if row["purchase_id"] == purchase_id]}

    def _planned(self, what: str, of: str) -> str:
        found = ""
        for whose in ("", of):
            self._seen[what, whose] += 1
            found = self._plan.get((what, whose, self._seen[what, whose]), found)
        return found or self._of_every(what, of)

    def _of_every(self, what: str, of: str) -> str:
        number = self._every.get((what, "declines"), 0)
        if number and is_declined(of, number):
            return "declines"
        seen = self._seen[what, ""]
        others = {one: every for (kind, one), every in self._every.items() if kind == what and one != "declines"}
        return next((one for one, every in others.items() if seen % every == 0), "")

    def _now(self) -> float:
        return time.time() + self._ahead_s

    def _known(self, what: str, key: str) -> dict[str, Any] | None:
        entry = self._keys.get((what, key)) if key else None
        if entry is not None and self._now() - entry["since"] > WINDOW_S:
            del self._keys[what, key]
            return None
        if entry is not None and entry["answer"] is None:
            entry["looks"] += 1
            if entry["looks"] > LATE_LOOKS:
                self._finish_late(what, key, entry)
        return entry

    def _finish_late(self, what: str, key: str, entry: dict[str, Any]) -> None:
        if entry["answer"] is None:
            entry["answer"] = self._do(what, key, entry["body"], entry["since"])

    def _repeated(self, known: dict[str, Any], body: Any) -> Reply:
        if known["body"] != body:
            return _refusal(422, "this key was used for another payment")
        return self._answer_of(known)

    def _answer_of(self, known: dict[str, Any]) -> Reply:
        return known["answer"] or _refusal(409, "in progress")

    def _do(self, what: str, key: str, body: dict[str, Any], since: float, *, declines: bool = False) -> Reply:
        answer = self._done(what, key, body, declines=declines)
        if self._file is not None:
            self._file.write(json.dumps({"what": what, "key": key, "body": body, "since": since, "answer": answer}) + "\n")
        return answer

    def _done(self, what: str, key: str, body: dict[str, Any], *, declines: bool) -> Reply:
        if declines:
            return 402, {"key": key, "status": "declined", "id": "", "amount": 0, "error": "the card was declined"}
        rows = self.rows[what]
        if what == "refund":
            left = self._left_of(body["charge_id"])
            if body["amount"] > left:
                return _refusal(400, f"of {body['charge_id']} only {left} cents are left to give back")
        status = "charged" if what == "charge" else "refunded"
        row = {"id": f"{what[:2]}-{len(rows) + 1}", "key": key, "status": status, **body}
        rows.append(row)
        return 201, dict(row)

    def _left_of(self, charge_id: str) -> int:
        taken = sum(row["amount"] for row in self.rows["charge"] if row["id"] == charge_id)
        return taken - sum(row["amount"] for row in self.rows["refund"] if row["charge_id"] == charge_id)


def _wrong(what: str, body: Any) -> str:
    """What is wrong with a body; nothing when it is right."""
    for name, kind in FIELDS[what].items():
        if not isinstance(body, dict) or type(body.get(name)) is not kind:
            return f"a {what} needs {name}"
    if set(body) != set(FIELDS[what]) or body["amount"] <= 0:
        return f"a {what} has {', '.join(FIELDS[what])} and nothing else, and an amount above 0"
    return ""


def _refusal(status: int, reason: str) -> Reply:
    return status, {"error": reason}


class JsonDoor(BaseHTTPRequestHandler):
    """One connection to a service of the shop that speaks JSON."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def body(self) -> Any:
        """What was sent; None where it is no JSON."""
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            return json.loads(data or b"null")
        except ValueError:
            return None

    def say(self, status: int, answer: dict[str, Any]) -> None:
        """Answer with a status and JSON."""
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        with suppress(OSError):
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the tap records what matters."""


class _Door(JsonDoor):
    """One connection to the gateway."""

    books: Books

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        what, _, key = url.path.strip("/").partition("/")
        if what == "charges" and not key:
            self.say(*self.books.statement(parse_qs(url.query).get("purchase_id", [""])[0]))
        elif what in ("charges", "refunds"):
            self.say(*self.books.look_up(what[:-1], unquote(key)))
        else:
            self.say(*_refusal(404, "there is nothing here"))

    def do_POST(self) -> None:
        body, what = self.body(), self.path.strip("/")
        if what not in ("charges", "refunds"):
            self.say(*_refusal(404, "there is nothing here"))
            return
        (status, answer), behaviour = self.books.post(what[:-1], self.headers.get("Idempotency-Key", ""), body)
        if status == 201:
            self._tell(answer, 2 if behaviour == "tells twice" else 1)
        if behaviour == "silent":
            with suppress(OSError):
                self.rfile.read(1)
        if behaviour in ("silent", "hangs up", "drops", "late"):
            self.close_connection = True
        else:
            self.say(status, answer)

    def _tell(self, answer: dict[str, Any], times: int) -> None:
        """The webhook, in the background: whoever pays does not wait for it."""
        if self.books.webhook:
            threading.Thread(target=_tell, args=(self.books.webhook, answer, times), daemon=True).start()


class _Sandbox(_Door):
    """The sandbox's own door: ``POST /reset``, ``/misbehave``, ``/pass_time``, ``/webhook``; ``GET /ledger``, ``/counts``."""

    def do_GET(self) -> None:
        counts = {f"{what}s": len(rows) for what, rows in self.books.rows.items()}
        self.say(200, counts if self.path == "/counts" else self.books.ledger())

    def do_POST(self) -> None:
        body, books = self.body() or {}, self.books
        try:
            match self.path:
                case "/reset":
                    books.reset()
                case "/misbehave":
                    books.misbehave(**body)
                case "/pass_time":
                    books.pass_time(body["seconds"])
                case "/webhook":
                    books.webhook = body["address"]
                case other:
                    raise ValueError(f"the sandbox has no {other}")
        except (KeyError, TypeError, ValueError) as error:
            self.say(*_refusal(400, str(error)))
        else:
            self.say(200, {})


def _tell(webhook: str, answer: dict[str, Any], times: int) -> None:
    kind = "charge" if answer["id"].startswith("ch-") else "refund"
    notice = {"event_id": f"ev-{answer['id']}", "kind": f"{kind}.{answer['status']}", **answer}
    for _ in range(times):
        request = urllib.request.Request(webhook, json.dumps(notice).encode(), {"Content-Type": "application/json"})
        with suppress(OSError):
            urllib.request.urlopen(request, timeout=5).close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    """A whole crowd may call at once: five, the default, would be told that nobody is there."""


def serve(port: int, control_port: int, written: Path | None = None) -> tuple[ThreadingHTTPServer, ThreadingHTTPServer]:
    """Listen on both ports (loopback only), each in a thread; the caller keeps them and shuts them down."""
    books = Books(written)
    servers = []
    for number, door in ((port, _Door), (control_port, _Sandbox)):
        server = _Server(("127.0.0.1", number), type(door.__name__, (door,), {"books": books}))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
    return servers[0], servers[1]


def main() -> None:
    """Serve until killed."""
    serve(int(sys.argv[1]), int(sys.argv[2]), *map(Path, sys.argv[3:]))
    threading.Event().wait()


if __name__ == "__main__":
    main()
