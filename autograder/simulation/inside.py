"""Inside: the subject's end of the wire. Learner code runs here, on a loop whose time the judge decides.

Whatever happens here is the learner's own: the judge believes none of it further than as what this process sent.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import inspect
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from autograder.simulation.loop import VirtualLoop, waiting_tasks
from autograder.simulation.parties import ending_of, raised
from autograder.simulation.streams import SimulatedTransport
from autograder.simulation.stuck import NoRealIO
from autograder.values import plain, restored
from shop.network import ServiceError

__all__ = ["Inside", "WireNode"]

COMPUTING_S = 5.0
"""Seconds of processor time that a process may spend between two moments of virtual time."""
_CHUNK = 1 << 16


class WireNode:
    """The learner's place in the network."""

    def __init__(self, inside: Inside, name: str, peers: tuple[str, ...]) -> None:
        self.name = name
        self.peers = peers
        self._inside = inside

    async def call(self, to: str, method: str, *args: Any) -> Any:
        """Call a method of a service or a peer, and wait for its answer."""
        return await self._inside.call(to, method, args)

    def send(self, to: str, method: str, *args: Any) -> None:
        """The same one way."""
        self._inside.say("send", to, method, [plain(arg) for arg in args])

    async def save(self, key: str, value: Any) -> None:
        """Write to the process's own disk."""
        await self._inside.call("disk", "save", (key, value))

    async def load(self, key: str, default: Any = None) -> Any:
        """Read from the process's own disk."""
        return await self._inside.call("disk", "load", (key, default))

    def __repr__(self) -> str:
        return f"<node {self.name}>"


class _Loop(VirtualLoop):
    inside: Inside

    async def create_connection(self, factory: Any, host: Any = None, port: Any = None, **named: Any) -> Any:
        """A connection to a simulated backend, by its name."""
        if named.get("sock") is not None or host is None:
            raise NoRealIO("There are no real sockets in virtual time: use the clients that your code is given.")
        return await self.inside.connect(factory, f"{host}:{port}")


class Inside:
    """One process of the simulation, from within."""

    def __init__(self, wire: int, cells: Callable[[str], bool], one_line: Callable[[BaseException], str]) -> None:
        self.loop = _Loop(self._wait, self._circles)
        self.loop.inside = self
        self._wire, self._cells, self._one_line = wire, cells, one_line
        self._names: Mapping[str, Any] = {}
        self._out: list[list[Any]] = []
        self._numbers = 0
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._transports: dict[int, SimulatedTransport] = {}
        self._tasks: set[Any] = set()
        self._subject: Any = None
        self._node: WireNode | None = None
        self._buffer = b""
        self._asked = False
        """Has the judge asked, so that it waits for an answer?"""

    # ---- time and the wire

    def serve(self, names: Mapping[str, Any]) -> None:
        """Live in the simulation until the judge ends it."""
        self._names = names
        self.loop.set_exception_handler(self._unhandled)
        signal.signal(signal.SIGVTALRM, self._computing)
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def say(self, *row: Any) -> None:
        """Something for the judge, at this moment."""
        self._out.append([self.loop.now, *row])

    def _wait(self, until: float | None) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if self._asked:
            said, self._out = self._out, []
            self._write({"now": self.loop.now, "next": until, "out": said})
        self._asked = True
        message = self._read()
        while message.get("waits"):
            self._write({"waits": waiting_tasks(self.loop, self._cells)})
            message = self._read()
        self.loop.now = max(self.loop.now, message["now"])
        for row in message["in"]:
            self.loop.call_soon(self._arrived, row)
        signal.setitimer(signal.ITIMER_VIRTUAL, COMPUTING_S)

    def _write(self, message: dict[str, Any]) -> None:
        view = memoryview(json.dumps(message).encode() + b"\n")
        while view:
            view = view[os.write(self._wire, view) :]

    def _read(self) -> Any:
        while b"\n" not in self._buffer:
            more = os.read(self._wire, _CHUNK)
            if not more:
                os._exit(0)
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def _computing(self, number: int, frame: Any) -> None:
        self._give_up(f"computes for {COMPUTING_S:g} seconds and lets nobody else have a turn{self._place(frame)}")

    def _circles(self) -> None:
        where = "; ".join(waiting_tasks(self.loop, self._cells)[:3])
        self._give_up(f"goes round in circles while time stands still{f': {where}' if where else ''}")

    def _give_up(self, why: str) -> None:
        self._write({"stuck": why})
        os._exit(0)

    def _place(self, frame: Any) -> str:
        while frame is not None and not self._cells(frame.f_code.co_filename):
            frame = frame.f_back
        return f": {frame.f_code.co_name}, line {frame.f_lineno}" if frame is not None else ""

    # ---- what arrives

    def _arrived(self, row: list[Any]) -> None:
        kind, *rest = row
        if kind == "ask":
            self._spawn(self._ask(*rest))
        elif kind == "answer":
            self._answered(*rest)
        elif kind == "make":
            self._spawn(self._make(*rest))
        else:
            self._stream(kind, *rest)

    def _spawn(self, coroutine: Any) -> None:
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make(self, name: str, peers: list[str], make: str, args: list[Any], clock_off_s: float) -> None:
        self.loop.off_s = clock_off_s
        self._node = WireNode(self, name, tuple(peers))
        if not make:
            return
        try:
            made = self._made_by(make)(self._node, *restored(args))
            self._subject = await made if inspect.isawaitable(made) else made
        except KeyError:
            self.say("failed", f"no cell defines {make}")
            return
        except Exception as error:
            self.say("failed", f"{make}: {self._one_line(error)}")
            return
        if inspect.iscoroutinefunction(getattr(self._subject, "run", None)):
            self._spawn(self._run(make))

    def _made_by(self, make: str) -> Callable[..., Any]:
        """A class of the program, or of the shop (``shop.sale.Worker``)."""
        module, _, name = make.rpartition(".")
        return getattr(importlib.import_module(module), name) if module else self._names[make]

    async def _run(self, make: str) -> None:
        try:
            await self._subject.run()
        except Exception as error:
            self.say("failed", f"{make}.run: {self._one_line(error)}")

    async def _ask(self, number: int, method: str, args: list[Any], caller: str) -> None:
        try:
            value = self._target(method)(*restored(args))
            value = plain(await value if inspect.isawaitable(value) else value)
        except ServiceError as error:
            self.say("answer", number, ending_of(error), error.reason, "")
            return
        except asyncio.CancelledError:
            self.say("answer", number, "broken", "it was cancelled", "")
            return
        except Exception as error:
            said = self._one_line(error)
            self.say("answer", number, "broken", said, f"{method}: {said}{_line_of(error, self._cells)}")
            return
        self.say("answer", number, "ok", value, "")

    def _target(self, method: str) -> Callable[..., Any]:
        if self._subject is None:
            found = self._names.get(method)
            if not callable(found):
                raise NameError(f"no cell defines {method}()")
            return lambda *args: found(self._node, *args)
        found = getattr(self._subject, method, None)
        if not callable(found) or method.startswith("_"):
            raise AttributeError(f"{type(self._subject).__name__} has no method {method}()")
        return found

    # ---- calls of the learner's

    async def call(self, to: str, method: str, args: tuple[Any, ...]) -> Any:
        """Ask somebody else and wait."""
        self._numbers += 1
        number, future = self._numbers, self.loop.create_future()
        self._calls[number] = future
        self.say("call", number, to, method, [plain(arg) for arg in args])
        try:
            ending, value = await future
        except asyncio.CancelledError:
            self.say("give up", number)
            raise
        finally:
            self._calls.pop(number, None)
        if ending != "ok":
            raise raised(ending, str(value), to)
        return restored(value)

    def _answered(self, number: int, ending: str, value: Any) -> None:
        future = self._calls.get(number)
        if future is not None and not future.done():
            future.set_result((ending, value))

    # ---- byte streams

    async def connect(self, factory: Any, place: str) -> Any:
        """A connection to a simulated backend."""
        self._numbers += 1
        number, future = self._numbers, self.loop.create_future()
        self._calls[number] = future
        self.say("connect", number, place)
        try:
            ending, _ = await future
        finally:
            self._calls.pop(number, None)
        if ending != "ok":
            raise raised(ending, "", place)
        transport = self._transports[number] = SimulatedTransport(self.loop, number, self._stream_out, place)
        protocol = factory()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        return transport, protocol

    def _stream_out(self, kind: str, number: int, data: bytes) -> None:
        if kind == "close":
            self._transports.pop(number, None)
            self.say("close", number)
        else:
            self.say("data", number, base64.b64encode(data).decode())

    def _stream(self, kind: str, number: int, data: str = "") -> None:
        transport = self._transports.get(number)
        if transport is None:
            return
        if kind == "data":
            transport.received(base64.b64decode(data))
        else:
            del self._transports[number]
            transport.lost(ConnectionResetError(104, "the connection was lost"))

    def _unhandled(self, loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            self.say("failed", f"a background task: {self._one_line(error)}")
        elif error is not None:
            sys.stderr.write(f"{context.get('message')}\n")


def _line_of(error: BaseException, cells: Callable[[str], bool]) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if cells(frame.filename)]
    return f" (line {lines[-1]})" if lines else ""
