"""The way to another process: one connection that is kept, and made anew when it is gone."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

__all__ = ["Wire"]

PATIENCE_S = 5.0


class Wire:
    """A hop to the process at one port of this machine; one order at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._lock = threading.Lock()
        self._file: Any = None

    def ask(self, part: str, order: dict[str, Any]) -> Any:
        """What the part answers there; raises ConnectionError when nobody does."""
        with self._lock:
            try:
                line = self._asked(json.dumps([part, order]).encode() + b"\n")
            except OSError as error:
                self.close()
                raise ConnectionError(f"{part} does not answer") from error
        said = json.loads(line)
        if "ok" not in said:
            raise ConnectionError(said["failed"])
        return said["ok"]

    def close(self) -> None:
        """Give the connection up; the next order makes another one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _asked(self, line: bytes) -> bytes:
        if self._file is None:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as made:
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._file = made.makefile("rwb", buffering=0)
        self._file.write(line)
        if not (answer := self._file.readline()):
            raise ConnectionResetError("the other side is gone")
        return bytes(answer)
