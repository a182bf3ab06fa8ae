"""A gate: the order of one link's requests.

Requests pass one at a time: the next is offered when the one before has its answer. Requests that are not counted may
overlap on backends that allow it (Kafka: a Fetch that waits for messages must not delay what follows). Answers come in
the order of the requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from autograder.tap.request import Action, Request

__all__ = ["Gate"]


class Passage(Protocol):
    """What a gate stands in: a link."""

    closed: bool

    def offer(self, request: Request) -> Action: ...

    def answer(self, request: Request) -> Action: ...

    def to_server(self, data: bytes) -> None: ...

    def to_client(self, data: bytes) -> None: ...

    def cut(self) -> None: ...


class Gate:
    """Who waits, who is under way, and who is held."""

    def __init__(self, link: Passage, *, overlapping: bool = False) -> None:
        self.link = link
        self.overlapping = overlapping
        self.waiting: deque[Request] = deque()
        self.waiting_bytes = 0
        self.under_way: deque[Request] = deque()
        self.half: Request | None = None
        """A request whose first half (its Parse) has been answered and whose second half has not come."""
        self.before: Callable[[Request], bool] = lambda request: False
        """The conversation may take a request over before it is offered; it then says True."""

    @property
    def answering(self) -> Request | None:
        """The request that the server's next bytes belong to."""
        return self.under_way[0] if self.under_way and self.under_way[0].forwarded else None

    @property
    def empty(self) -> bool:
        """Nothing waits and nothing is under way."""
        return not self.waiting and not self.under_way

    def add(self, request: Request) -> None:
        """A whole request has come from the client."""
        self.waiting.append(request)
        self.waiting_bytes += len(request.data)
        self.pump()

    def pump(self) -> None:
        """Offer what may be offered."""
        while self.waiting and not self.link.closed and self._is_free():
            request = self.waiting.popleft()
            self.waiting_bytes -= len(request.data)
            if not self.before(request):
                self._offer(request)

    def put_back(self, request: Request) -> None:
        """The request must wait a little longer."""
        self.waiting.appendleft(request)
        self.waiting_bytes += len(request.data)

    def lost(self) -> list[Request]:
        """The counted requests that reached the server and whose answer will never come."""
        candidates = [*self.under_way, *([self.half] if self.half else [])]
        return [one for one in candidates if one.counted and one.forwarded and not one.answered]

    def forward(self, request: Request) -> None:
        """Send it to the server."""
        request.held = False
        request.forwarded = True
        self.link.to_server(request.data)
        if request.silent:
            self.under_way.remove(request)

    def collect(self, data: bytes) -> None:
        """A part of the answer that may reach the client only with the rest."""
        self.under_way[0].reply += data

    def complete(self) -> None:
        """The whole answer of the first request under way is here."""
        request = self.under_way[0]
        request.answered = True
        action = self.link.answer(request) if request.counted else "forward"
        if self.link.closed:
            return
        if action == "hold":
            request.held = True
        elif action == "drop":
            self.link.cut()
        else:
            self._deliver(request)

    def release(self, request: Request) -> None:
        """Let a held request or a held answer go on."""
        if not request.held or request not in self.under_way:
            return
        if request.answered:
            self._deliver(request)
        else:
            self.forward(request)
            self.pump()

    def _is_free(self) -> bool:
        if not self.under_way:
            return True
        return self.overlapping and not any(request.counted for request in self.under_way)

    def _offer(self, request: Request) -> None:
        self.under_way.append(request)
        action = self.link.offer(request) if request.counted else "forward"
        if self.link.closed:
            return
        if action == "hold":
            request.held = True
        elif action == "drop":
            self.link.cut()
        else:
            self.forward(request)

    def _deliver(self, request: Request) -> None:
        request.held = False
        self.under_way.popleft()
        self.link.to_client(request.reply)
        request.reply = b""
        self.pump()
