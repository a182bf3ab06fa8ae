"""Load subject: a sandboxed worker that holds the learner's program and answers many buyers over one wire to the judge.

The wire is a socket that both ends were born with; JSON lines go over it:

    [7, {request}]   -> [7, {answer}], or [7, null, "Error: ..."]
    ["work", 3]      -> ["work", 3, 12], one round of background work; a fourth item says what it raised
    ["ship", 4, {event}] -> ["ship", 4, 0], an event delivered
    ["count"]        -> ["count", {"postgres": 120, ...}]

A worker that is told to die at its n-th client call stops there with the call sent and unanswered, says ``["crash", n]``
and waits for the judge's SIGKILL. Calls are counted where an asyncio program sends: at transports, at ``socket.send``, and
where the loop is asked to wait for a descriptor (so psycopg waits for Postgres). Sync psycopg in threads is not counted.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from autograder.grading import cells
from autograder.grading.subject_process import WIRE
from autograder.values import restored

__all__ = ["host"]

_CHUNK = 1 << 18


def host(program: cells.Compiled, at: Mapping[str, Any], terms: Any, crash_call: int) -> dict[str, Any]:
    """Execute the cells, open the sale, and answer until the judge hangs up; ``crash_call`` 0 means never."""
    names, broken = cells.execute(program)
    wire = _Wire(socket.socket(fileno=os.dup(WIRE)))
    if "open_sale" not in names:
        wire.say(["failed", broken[0] if broken else "no cell defines open_sale()"])
        wire.finish()
        return {"kind": "no function", "error": "no cell defines open_sale()"}
    counted = _Counted(wire, crash_call, _ports_of(at))
    loop = _CountingLoop(counted)
    asyncio.set_event_loop(loop)
    socket.socket.send = counted.around(socket.socket.send)  # type: ignore[method-assign]
    socket.socket.sendall = counted.around(socket.socket.sendall)  # type: ignore[method-assign]
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(0.0002)  # threads that join earlier parts must not keep the loop waiting for the interpreter
    loop.run_until_complete(_serve(wire, (restored(dict(at)), restored(terms)), counted))
    return {"kind": "returned", "value": None}


def _ports_of(at: Mapping[str, Any]) -> dict[int, str]:
    """Which backend listens where."""
    found = {}
    for backend, address in at.items():
        if backend == "$" or not address:
            continue
        first = address.split(",")[0]
        port = urlsplit(first if "//" in first else f"//{first}").port
        if port:
            found[port] = backend
    return found


class _Wire:
    """The worker's end: lines in, lines out, never half a line when the worker dies at a call."""

    def __init__(self, ours: socket.socket) -> None:
        self.socket = ours
        self.read = b""
        self._unsent = bytearray()
        self._lines: list[bytes] = []
        self._lock = threading.Lock()
        self._loop: _CountingLoop | None = None
        self._flushing = False

    def attach(self, loop: _CountingLoop, take: Callable[[list[bytes]], None], ended: asyncio.Future[None]) -> None:
        """From now on lines are taken as they come."""
        self._loop = loop
        self.socket.setblocking(False)
        loop.watch(self.socket.fileno(), lambda: self._readable(take, ended))

    def _readable(self, take: Callable[[list[bytes]], None], ended: asyncio.Future[None]) -> None:
        try:
            data = self.socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.unwatch(self.socket.fileno())
            if not ended.done():
                ended.set_result(None)
            return
        *lines, self.read = (self.read + data).split(b"\n")
        take(lines)

    def say(self, message: Any) -> None:
        """Send one line, together with all others of this turn of the loop."""
        self._lines.append(json.dumps(message, separators=(",", ":"), default=str).encode())
        if self._loop is not None and not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        with self._lock:
            self._flushing = False
            if self._lines:
                self._unsent += b"\n".join(self._lines) + b"\n"
                self._lines.clear()
            try:
                while self._unsent:
                    del self._unsent[: os.write(self.socket.fileno(), self._unsent)]
            except BlockingIOError:
                self._loop.watch_writing(self.socket.fileno(), self._flush)
                return
            except OSError:
                self._unsent.clear()
        self._loop.unwatch_writing(self.socket.fileno())

    def finish(self) -> None:
        """Send all that is left, however long the judge takes to read it."""
        with self._lock:
            self.socket.setblocking(True)
            rest = bytes(self._unsent) + b"".join(line + b"\n" for line in self._lines)
            self._unsent.clear()
            self._lines.clear()
            while rest:
                rest = rest[os.write(self.socket.fileno(), rest) :]


class _Counted:
    """Counts the requests that leave this process, by backend, and stops at the one it was told."""

    def __init__(self, wire: _Wire, crash_call: int, backends: Mapping[int, str]) -> None:
        self._wire, self._crash_call, self._backends = wire, crash_call, backends
        self._calls = 0
        self.by_backend: Counter[str] = Counter()

    def sent(self, backend: str) -> None:
        """One more request has left."""
        self._calls += 1
        self.by_backend[backend] += 1
        if self._calls == self._crash_call:
            self._wire.say(["crash", self._calls, backend])
            self._wire.finish()
            time.sleep(3600)

    def backend_of(self, peer: Any) -> str:
        """Who is at the other end? Nothing for a socket that is not connected to a backend."""
        return self._backends.get(peer[1], "") if isinstance(peer, tuple) and len(peer) > 1 else ""

    def around(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """A method of a socket that counts what it sends."""

        def counting(this: socket.socket, *arguments: Any) -> Any:
            result = send(this, *arguments)
            try:
                backend = self.backend_of(this.getpeername())
            except OSError:
                return result
            if backend and this.gettimeout() != 0:  # sockets of asyncio are counted at their transports
                self.sent(backend)
            return result

        return counting


class _CountingLoop(asyncio.SelectorEventLoop):
    """An event loop that counts what is sent through it."""

    def __init__(self, counted: _Counted) -> None:
        super().__init__()
        self._counted = counted
        self.watch, self.unwatch = super().add_reader, super().remove_reader
        self.watch_writing, self.unwatch_writing = super().add_writer, super().remove_writer

    def add_reader(self, fd: Any, callback: Callable[..., Any], *arguments: Any) -> None:
        """Whoever waits for a descriptor of its own has sent something: so psycopg waits for Postgres."""
        self._counted.sent("postgres")
        super().add_reader(fd, callback, *arguments)

    async def create_connection(self, *arguments: Any, **named: Any) -> Any:
        """A connection that counts what is written to it."""
        transport, protocol = await super().create_connection(*arguments, **named)
        backend = self._counted.backend_of(transport.get_extra_info("peername"))
        if backend:
            _count_writes(transport, lambda: self._counted.sent(backend))
        return transport, protocol


def _count_writes(transport: Any, sent: Callable[[], None]) -> None:
    """The protocol has this very transport already, so its methods are replaced where they stand."""
    write = transport.write

    def writing(data: Any) -> None:
        write(data)
        sent()

    transport.write = writing
    transport.writelines = lambda lines: writing(b"".join(lines))


async def _serve(wire: _Wire, terms: tuple[Any, Any], counted: _Counted) -> None:
    """Open the sale, answer until the judge hangs up, and end at once: nobody waits for what is still running."""
    from shop.sale import opened

    try:
        async with opened(*terms) as sale:
            await _listen(wire, sale, counted)
            os._exit(0)
    except Exception as error:
        wire.say(["failed", f"open_sale raised {cells.one_line(error)}"])
        wire.finish()


async def _listen(wire: _Wire, sale: Any, counted: _Counted) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, _CountingLoop)
    ended = loop.create_future()
    running: set[asyncio.Task[None]] = set()

    def take(lines: list[bytes]) -> None:
        for line in lines:
            kind, *rest = json.loads(line)
            if kind == "count":
                wire.say(["count", dict(counted.by_backend)])
                continue
            task = loop.create_task(_behind(wire, sale, kind, *rest) if isinstance(kind, str) else _answer(wire, sale, kind, *rest))
            running.add(task)
            task.add_done_callback(running.discard)

    wire.attach(loop, take, ended)
    wire.say(["ready"])
    await ended


async def _answer(wire: _Wire, sale: Any, number: int, request: Any) -> None:
    try:
        answer = await sale.handle(request)
    except Exception as error:
        wire.say([number, None, cells.one_line(error)])
    else:
        wire.say([number, answer] if isinstance(answer, dict) else [number, None, f"handle returned a {type(answer).__name__}"])


async def _behind(wire: _Wire, sale: Any, kind: str, number: int, *event: Any) -> None:
    """What no buyer waits for: a round of work, or a delivery."""
    try:
        done = await (sale.work() if kind == "work" else sale.ship(*event))
    except Exception as error:
        wire.say([kind, number, None, cells.one_line(error)])
    else:
        wire.say([kind, number, done if isinstance(done, int) else 0])
