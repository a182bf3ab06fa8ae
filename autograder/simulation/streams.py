"""Streams: connections that carry bytes between a process and a simulated backend, so that real clients work unchanged."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.simulation.switch import Switch

__all__ = ["Connection", "LocalStream", "SimulatedTransport", "StreamBackend", "Streams"]


class Connection(Protocol):
    """The backend's end of one connection."""

    def received(self, data: bytes) -> None:
        """Bytes have been sent by the process."""

    def closed(self) -> None:
        """The process is gone or has hung up."""


StreamBackend = Callable[[str, Callable[[bytes], None], Callable[[], None]], Connection]
"""Accepts a connection of a process: its name, how to send it bytes, and how to cut it off."""
Tell = Callable[[list[Any]], None]


@dataclass
class Streams:
    """All connections of a simulation."""

    switch: Switch
    backends: dict[str, StreamBackend] = field(default_factory=dict)
    """By the name of their host."""
    _open: dict[tuple[str, int], Connection] = field(default_factory=dict)

    def connect(self, process: str, number: int, place: str, tell: Tell) -> None:
        """A process opens a connection; it hears after a round trip whether anybody listens there."""
        host = place.rsplit(":", 1)[0]
        loop, network = self.switch.loop, self.switch.network
        if not network.passes(process, host):  # nobody answers, as long as the client cares to wait
            loop.call_later(1.0, self.connect, process, number, place, tell)
            return
        back = network.delay(process, host) + network.delay(host, process)
        accept = self.backends.get(host)
        if accept is None:
            loop.call_later(back, tell, ["answer", number, "unreachable", ""])
            return

        def send(data: bytes) -> None:
            tell(["data", number, base64.b64encode(data).decode()])

        def cut() -> None:
            self._open.pop((process, number), None)
            tell(["lost", number])

        self._open[process, number] = accept(process, send, cut)
        loop.call_later(back, tell, ["answer", number, "ok", None])

    def data(self, process: str, number: int, data: bytes) -> None:
        """Bytes from a process."""
        connection = self._open.get((process, number))
        if connection is not None:
            connection.received(data)

    def close(self, process: str, number: int) -> None:
        """A process hangs up."""
        connection = self._open.pop((process, number), None)
        if connection is not None:
            connection.closed()

    def drop(self, process: str) -> None:
        """A process is dead."""
        for name, number in [key for key in self._open if key[0] == process]:
            self.close(name, number)


class LocalStream:
    """A connection of code that runs on the simulation's own loop."""

    _numbers = 0

    def __init__(self, streams: Streams, process: str, place: str) -> None:
        LocalStream._numbers -= 1
        self._number, self._streams = LocalStream._numbers, streams
        self._process, self._place = process, place
        self._opened = streams.switch.loop.create_future()
        self._transport: SimulatedTransport | None = None

    async def open(self, factory: Callable[[], Any]) -> tuple[Any, Any]:
        """As ``loop.create_connection`` does."""
        self._streams.connect(self._process, self._number, self._place, self._tell)
        if await self._opened != "ok":
            raise ConnectionRefusedError(111, f"nobody answers at {self._place}")
        self._transport = SimulatedTransport(self._streams.switch.loop, self._number, self._out, self._place)
        protocol = factory()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        return self._transport, protocol

    def _out(self, kind: str, number: int, data: bytes) -> None:
        if kind == "close":
            self._streams.close(self._process, number)
        else:
            self._streams.data(self._process, number, data)

    def _tell(self, row: list[Any]) -> None:
        kind, _, *rest = row
        if kind == "answer" and not self._opened.done():
            self._opened.set_result(rest[0])
        elif kind == "data" and self._transport is not None:
            self._transport.received(base64.b64decode(rest[0]))
        elif kind == "lost" and self._transport is not None:
            self._transport.lost(ConnectionResetError(104, "the connection was lost"))


class SimulatedTransport(asyncio.Transport):
    """The process's end of one connection."""

    def __init__(self, loop: Any, number: int, out: Callable[[str, int, bytes], None], place: str) -> None:
        super().__init__({"peername": (place, 0), "sockname": ("here", 0)})
        self._loop, self._number, self._out = loop, number, out
        self._protocol: Any = None
        self._closing = False

    def write(self, data: Any) -> None:
        if not self._closing and data:
            self._out("data", self._number, bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def received(self, data: bytes) -> None:
        """Bytes from the backend."""
        if not self._closing:
            self._protocol.data_received(data)

    def lost(self, error: Exception | None) -> None:
        """The connection is no more."""
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._protocol.connection_lost, error)

    def close(self) -> None:
        if not self._closing:
            self._out("close", self._number, b"")
            self.lost(None)

    abort = close

    def is_closing(self) -> bool:
        return self._closing

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def can_write_eof(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return not self._closing

    def pause_reading(self) -> None:
        """Nothing is ever so much that it must wait."""

    def resume_reading(self) -> None:
        """Nothing is ever so much that it must wait."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is buffered."""

    def get_write_buffer_size(self) -> int:
        return 0
