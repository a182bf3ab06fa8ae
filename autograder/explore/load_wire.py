"""The wire to one worker: requests of many buyers over one socket, and what became of each.

An answer that does not come (the worker died, or took too long) is None: nothing is known. A request whose buyer has
stopped waiting keeps its number, so an answer that comes late is seen as late and never taken for another's.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Said", "Wire"]

Said = Callable[[list[Any]], None]


class Wire(asyncio.Protocol):
    """The judge's end. Connect it with ``loop.create_connection(lambda: wire, sock=ours)``."""

    def __init__(self, said: Said, late: Callable[[int, Mapping[str, Any]], None], failed: Callable[[str], None]) -> None:
        self._said, self._late, self._failed = said, late, failed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._lines: list[bytes] = []
        self._flushing = False
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any] | None]] = {}
        self._deadlines: deque[tuple[float, int]] = deque()
        self._gave_up: dict[int, int] = {}
        self._buyers: dict[int, int] = {}
        self.timeouts = 0
        self.closed: asyncio.Future[None] = self._loop.create_future()

    @property
    def is_open(self) -> bool:
        """Can something be asked?"""
        return self._transport is not None

    @property
    def waiting(self) -> int:
        """Requests that the worker has and has not answered, as far as anybody still waits."""
        return len(self._waiting)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=1 << 30)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Lines from the worker. What cannot be read is the worker's own fault and nobody's answer."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                self._failed("it wrote something of its own to the judge's wire")
                continue
            if isinstance(message, list) and message and isinstance(message[0], int):
                self._answered(message)
            elif isinstance(message, list) and message:
                self._said(message)

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever waits will never know."""
        self._transport = None
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_result(None)
        self._deadlines.clear()
        if not self.closed.done():
            self.closed.set_result(None)

    def ask(self, buyer: int, request: bytes, timeout_s: float) -> asyncio.Future[Mapping[str, Any] | None]:
        """Send a request (JSON); its answer, or None when nobody knows."""
        future: asyncio.Future[Mapping[str, Any] | None] = self._loop.create_future()
        if self._transport is None:
            future.set_result(None)
            return future
        self._number += 1
        self._waiting[self._number] = future
        self._buyers[self._number] = buyer
        self._deadlines.append((self._loop.time() + timeout_s, self._number))
        self._send(b"[%d,%b]" % (self._number, request))
        return future

    def tell(self, message: list[Any]) -> None:
        """Send anything else."""
        self._send(json.dumps(message).encode())

    def expire(self, now: float) -> None:
        """Stop waiting for what has taken too long. All requests have the same patience, so the oldest are first."""
        while self._deadlines and self._deadlines[0][0] <= now:
            _, number = self._deadlines.popleft()
            future = self._waiting.pop(number, None)
            if future is not None and not future.done():
                self.timeouts += 1
                self._gave_up[number] = self._buyers[number]
                future.set_result(None)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _answered(self, message: list[Any]) -> None:
        number, answer = message[0], message[1] if len(message) > 1 else None
        buyer = self._buyers.pop(number, None)
        if len(message) > 2:
            self._failed(str(message[2])[:300])
        if not isinstance(answer, dict):
            answer = None
        future = self._waiting.pop(number, None)
        if future is not None:
            if not future.done():
                future.set_result(answer)
        elif self._gave_up.pop(number, None) is not None and answer is not None and buyer is not None:
            self._late(buyer, answer)

    def _send(self, line: bytes) -> None:
        self._lines.append(line)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        lines, self._lines = self._lines, []
        if self._transport is not None:
            self._transport.write(b"\n".join(lines) + b"\n")
