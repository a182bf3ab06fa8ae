"""The tap: the loop, its doors, and the two moments at which an engine may stop a request.

A *door* is a local port that one process uses for one backend. Every request through a door is numbered, and the engine
is asked twice: before it reaches the backend, and when its whole answer is here but the process has not seen it.
Everything happens in one thread, inside :meth:`Tap.poll`.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from autograder.history import Backend
from autograder.tap.closing import await_end, hang_up
from autograder.tap.http import HttpConversation
from autograder.tap.kafka import KafkaConversation
from autograder.tap.kept import KeptSessions
from autograder.tap.link import Conversation, Link
from autograder.tap.members import Member
from autograder.tap.postgres import PostgresConversation
from autograder.tap.redis import RedisConversation
from autograder.tap.request import LONG_POLL, Action, Request

__all__ = ["Door", "Tap", "Timer"]

CONVERSATIONS: dict[Backend, Callable[[Link], Conversation]] = {
    "postgres": PostgresConversation,
    "redis": RedisConversation,
    "kafka": KafkaConversation,
    "http": HttpConversation,
}
LISTEN_BACKLOG = 128


class Door:
    """A local port through which one process reaches one backend."""

    def __init__(self, process: str, protocol: Backend, upstream: tuple[str, int], user: str | None, guarded: bool, backend: Backend) -> None:
        self.process = process
        self.protocol = protocol
        self.upstream = upstream
        self.user = user
        self.guarded = guarded
        self.backend = backend
        """What is behind it, as histories call it."""
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=LISTEN_BACKLOG)
        self.sock.setblocking(False)
        self.port: int = self.sock.getsockname()[1]

    @property
    def address(self) -> str:
        """``127.0.0.1:port``"""
        return f"127.0.0.1:{self.port}"


class Timer:
    """Something to do later; may be cancelled."""

    def __init__(self, at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Do not do it."""
        self.cancelled = True


class Tap:
    """All doors of a run."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.doors: list[Door] = []
        self.links: set[Link] = set()
        self.kept = KeptSessions()
        self.counted = 0
        self.on_request: Callable[[Request], Action] = lambda request: "forward"
        """Called with every counted request before it reaches the backend."""
        self.on_answer: Callable[[Request], Action] = lambda request: "forward"
        """Called with every counted request when its whole answer is here; the client has not seen (all of) it."""
        self.on_lost: Callable[[Request], None] = lambda request: None
        """Called with every counted request that reached the backend and whose link ended before its answer came."""
        self.on_open: Callable[[Link], None] = lambda link: None
        self.on_close: Callable[[Link], None] = lambda link: None
        self._members: dict[str, dict[tuple[str, str], Member]] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def door(
        self,
        process: str,
        protocol: Backend,
        upstream: tuple[str, int],
        *,
        user: str | None = None,
        guarded: bool = False,
        backend: Backend = "",
    ) -> Door:
        """The door of this process to the server at ``upstream``; asked again, the same door.

        A Postgres door with a ``user`` refuses everybody else. A ``guarded`` Redis door refuses what would reach past
        the run, and what would wait inside Redis. Services that speak the same protocol are told apart by ``backend``.
        """
        for known in self.doors:
            if (known.process, known.protocol, known.upstream, known.user) == (process, protocol, upstream, user):
                return known
        door = Door(process, protocol, upstream, user, guarded, backend or protocol)
        self.doors.append(door)
        self.selector.register(door.sock, selectors.EVENT_READ, lambda events: self._accept(door))
        return door

    def ports(self, process: str) -> list[int]:
        """The ports of all doors of a process."""
        return [door.port for door in self.doors if door.process == process]

    def poll(self, timeout_s: float) -> int:
        """Handle what has happened, waiting at most this long for something to happen; how much was handled."""
        handled = self._run_timers()
        events = self.selector.select(0 if handled else self._wait_s(timeout_s))
        for key, mask in events:
            key.data(mask)
        return handled + len(events) + self._run_timers()

    def watch(self, fileobj: Any, callback: Callable[[], None]) -> None:
        """Call back whenever ``fileobj`` can be read."""
        self.selector.register(fileobj, selectors.EVENT_READ, lambda events: callback())

    def unwatch(self, fileobj: Any) -> None:
        """Call back no more."""
        self.selector.unregister(fileobj)

    def later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back once, from :meth:`poll`, after this delay: hold a request and release it later to delay it."""
        timer = Timer(time.monotonic() + delay_s, callback)
        heapq.heappush(self._timers, (timer.at, next(self._order), timer))
        return timer

    def is_busy(self, process: str) -> bool:
        """Is a backend working on something that this process has asked for? A long poll is no work."""
        asked = (request for link in self.links if link.process == process for request in link.gate.under_way)
        return any(request.forwarded and not request.answered and request.label != LONG_POLL for request in asked)

    def members(self, process: str) -> list[Member]:
        """The consumer groups that this process has joined and not left."""
        return list(self._members.get(process, {}).values())

    def joined(self, process: str, member: Member) -> None:
        """A process has become a member of a group."""
        self._members.setdefault(process, {})[member.group, member.member_id] = member

    def left(self, process: str, group: str, member_id: str) -> None:
        """A member is gone."""
        self._members.get(process, {}).pop((group, member_id), None)

    def close_links(self, process: str | None = None) -> None:
        """End every link (of one process) on both sides; when this returns, the backends have rolled back."""
        self.cut([link for link in self.links if process in (None, link.process)])

    def cut(self, links: Iterable[Link]) -> None:
        """End these links on both sides, and wait until the backends have noticed."""
        open_links = [link for link in links if not link.closed]
        for link in open_links:
            link.closed = True
        try:
            hang_up(open_links)
        finally:
            for link in open_links:
                self._forget(link)

    def keep_sessions(self, on: bool) -> None:
        """May a Postgres session serve one client after the other? If not, those that wait for one end now."""
        if not on:
            for wire in self.kept.end_all():
                await_end(wire)
        self.kept.on = on

    def close_link(self, link: Link) -> None:
        """A link has come to its end by itself."""
        if not link.closed:
            link.closed = True
            link.client.close()
            if link.server is not None:
                link.server.close()
            self._forget(link)

    def close(self) -> None:
        """End everything."""
        try:
            self.close_links()
            self.keep_sessions(False)
        finally:
            for door in self.doors:
                self.selector.unregister(door.sock)
                door.sock.close()
            self.doors.clear()
            self.selector.close()

    def _forget(self, link: Link) -> None:
        self.links.discard(link)
        for request in link.gate.lost():
            self.on_lost(request)
        self.on_close(link)

    def _accept(self, door: Door) -> None:
        try:
            sock, _ = door.sock.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        link = Link(self, door, sock, CONVERSATIONS[door.protocol])
        self.links.add(link)
        self.on_open(link)

    def _wait_s(self, timeout_s: float) -> float:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        if not self._timers:
            return timeout_s
        return max(0.0, min(timeout_s, self._timers[0][0] - time.monotonic()))

    def _run_timers(self) -> int:
        done = 0
        while self._timers and self._timers[0][0] <= time.monotonic():
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled:
                timer.callback()
                done += 1
        return done
