"""A link: one connection of a process through a door, with its two wires, its gate and its conversation.

A *conversation* knows the protocol: it cuts the client's bytes into requests, puts them through the gate, and tells
where their answers end. A link ends softly when one side ends (what is under way goes on), and at once when it is
*cut*.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from autograder.tap.gate import Gate
from autograder.tap.request import Action, Request
from autograder.tap.wire import Wire

if TYPE_CHECKING:
    from autograder.tap.tap import Door, Tap

__all__ = ["MESSAGE_BYTES_MAX", "Conversation", "Link"]

KEPT_BYTES_MAX = 1 << 20
"""Above this many bytes kept for one side, the other side is not read."""
SPILL_BYTES = 256 << 10
"""An answer longer than this is passed on while it comes, all but its end."""
MESSAGE_BYTES_MAX = 64 << 20
"""A single message longer than this ends its link: no process may fill the judge's memory."""


class Conversation(Protocol):
    """One protocol, spoken on one link."""

    def from_client(self, data: bytes) -> None:
        """Bytes from the process."""

    def from_server(self, data: bytes) -> None:
        """Bytes from the backend."""

    def server_ended(self) -> None:
        """The backend has closed its side; whatever is unfinished will stay so."""

    def must_see_end(self) -> bool:
        """When the link is cut: does the backend do something that we have to wait for (a rollback)?"""

    @property
    def lingers(self) -> bool:
        """Has its client said good-bye, while something is still to be done at the backend?"""

    def cancel(self) -> bytes:
        """What to send on another connection to stop the statement under way; nothing if there is no such thing."""


class Link:
    """One connection through a door."""

    def __init__(self, tap: Tap, door: Door, sock: socket.socket, converse: Callable[[Link], Conversation]) -> None:
        self.tap = tap
        self.door = door
        self.process = door.process
        self.closed = False
        self.backend_pid: int | None = None
        self.gate = Gate(self)
        self.client = Wire(tap.selector, sock)
        self.server: Wire | None = None
        self.client.on_data, self.client.on_end, self.client.on_sent = self._client_data, self._ending, self._throttle
        self.conversation = converse(self)

    # What conversations and gates call.

    def to_server(self, data: bytes) -> None:
        """Send to the backend; the first bytes open the connection to it."""
        if self.server is None:
            try:
                self.server = Wire.to(self.tap.selector, self.door.upstream)
            except ConnectionError:
                self.tap.close_link(self)
                return
            self.take_over(self.server)
        self.server.send(data)

    def take_over(self, wire: Wire) -> None:
        """From now on this is the way to the backend."""
        self.server = wire
        wire.on_data, wire.on_end, wire.on_sent = self._server_data, self._server_ended, self._throttle

    def give_up_server(self) -> Wire:
        """Somebody else has the way to the backend now; what the client still says goes nowhere."""
        wire, self.server = self.server, None
        assert wire is not None
        return wire

    def to_client(self, data: bytes) -> None:
        """Send to the process; nothing when it is gone."""
        self.client.send(data)

    def offer(self, request: Request) -> Action:
        """Ask the engine what to do with a request that the backend has not seen."""
        self.tap.counted += 1
        request.number = self.tap.counted
        return self.tap.on_request(request)

    def answer(self, request: Request) -> Action:
        """Ask the engine what to do with an answer that the client has not seen."""
        return self.tap.on_answer(request)

    def release(self, request: Request) -> None:
        """Let a held request or answer go on."""
        if not self.closed:
            self.gate.release(request)
            self._settle()

    def cut(self) -> None:
        """End both sides at once; when this returns, the backend has noticed."""
        self.tap.cut([self])

    def refuse(self, answer: bytes) -> None:
        """Send a last word to the client and hang up."""
        self.to_client(answer)
        self.client.pause()
        self.client.finish()
        if self.server is not None:
            self.server.finish()
        elif not self.client.unsent:
            self.tap.close_link(self)

    def spill(self) -> None:
        """Pass on the beginning of an answer that has grown long; its end is still to come."""
        request = self.gate.answering
        if request is not None and len(request.reply) > SPILL_BYTES:
            self.to_client(request.reply)
            request.reply = b""

    # What the wires call.

    def _client_data(self, data: bytes) -> None:
        self.conversation.from_client(data)
        self._settle()

    def _server_data(self, data: bytes) -> None:
        self.conversation.from_server(data)
        self._settle()

    def _server_ended(self) -> None:
        self.conversation.server_ended()
        self._ending()

    def _ending(self) -> None:
        """One side has ended: pass that on as soon as nothing that came before it is left."""
        self._settle()

    def _settle(self) -> None:
        """After every event: pass ends on, and balance the two sides."""
        if self.closed:
            return
        server_ended = self.server is not None and self.server.ended
        if server_ended and not self._holds_answer():
            self._end_client()
        elif self.client.ended and self.conversation.lingers:
            pass
        elif self.client.ended and not self.gate.waiting and not self._holds_request():
            if self.server is None:
                self.tap.close_link(self)
            else:
                self.server.finish()
        self._throttle()

    def _end_client(self) -> None:
        """The backend is gone: the client gets what there is and then its end."""
        request = self.gate.answering
        if request is not None and request.reply:
            self.to_client(request.reply)
            request.reply = b""
        if self.client.ended or not self.client.unsent:
            self.tap.close_link(self)
        else:
            self.client.finish()

    def _holds_answer(self) -> bool:
        return any(request.held and request.answered for request in self.gate.under_way)

    def _holds_request(self) -> bool:
        return any(not request.forwarded for request in self.gate.under_way)

    def _throttle(self) -> None:
        """Read from neither side faster than the other takes it."""
        if self.closed:
            return
        if self.server is not None:
            if len(self.client.unsent) > KEPT_BYTES_MAX:
                self.server.pause()
            else:
                self.server.resume()
            if self.server.ended and not self.client.unsent and not self._holds_answer():
                self.tap.close_link(self)
                return
        kept = self.gate.waiting_bytes + (len(self.server.unsent) if self.server is not None else 0)
        if kept > KEPT_BYTES_MAX:
            self.client.pause()
        else:
            self.client.resume()
