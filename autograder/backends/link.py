"""JSON lines over a Unix socket: how a client and the supervisor speak."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

__all__ = ["FINAL", "PROTOCOL", "Link", "LinkClosed", "address_file", "open_link"]

PROTOCOL = 1
"""Changes when the two sides of a socket would no longer understand each other."""

FINAL = ("result", "error")
"""The last line of a job has one of these keys."""


class LinkClosed(Exception):
    """The other side has gone."""


class Link:
    """A client's connection to the supervisor; held open, it is a lease."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._rest = b""

    def send(self, message: dict[str, Any]) -> None:
        """Send one line; raises LinkClosed."""
        try:
            self._socket.settimeout(10.0)
            self._socket.sendall(json.dumps(message, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            raise LinkClosed(str(error)) from error

    def receive(self, timeout_s: float | None = None) -> dict[str, Any]:
        """The next line; raises LinkClosed when there will be none and TimeoutError when it does not come in time."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while b"\n" not in self._rest:
            self._socket.settimeout(None if deadline is None else max(0.001, deadline - time.monotonic()))
            self._rest += self._receive_some()
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def ask(self, message: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send one line and wait for the answer."""
        self.send(message)
        return self.receive(timeout_s)

    def is_open(self) -> bool:
        """Is the other side still there?"""
        try:
            self._socket.setblocking(False)
            return self._socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _receive_some(self) -> bytes:
        try:
            some = self._socket.recv(1 << 16)
        except TimeoutError:
            raise
        except OSError as error:
            raise LinkClosed(str(error)) from error
        if not some:
            raise LinkClosed("the supervisor hung up")
        return some


def address_file(state: Path) -> Path:
    """The file that says where the supervisor's socket is (a folder may be too deep for a socket)."""
    return state / "supervisor" / "address"


def open_link(state: Path) -> Link | None:
    """A connection to this state folder's supervisor; None when nobody listens."""
    try:
        place = Path(address_file(state).read_text(encoding="utf-8").strip())
    except OSError:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(5.0)
        # A relative address is inside the state folder, so that a moved clone finds its own socket and no other's.
        connection.connect(str(address_file(state).parent / place))
    except OSError:
        connection.close()
        return None
    return Link(connection)
