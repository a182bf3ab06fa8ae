"""Redis in virtual time: fakeredis at the judge's end, the unmodified ``redis.asyncio`` client at the learner's.

Every command is a call of the history, and a strike can be at each. The connection is like TCP: bytes arrive in order; what
is lost is sent again, so that it comes late; and while a network partition lasts nothing comes through. A dropped request
or answer is therefore a connection that breaks.

fakeredis has no public end for bytes: its socket and its way of writing answers are the only inner parts that are used
here, and its version is pinned.
"""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable
from typing import Any

from fakeredis import FakeServer
from fakeredis._clients._tcp_server import encode_reply
from fakeredis._socket import AsyncFakeSocket

from autograder.simulation.ledger import Entry
from autograder.simulation.simulation import Simulation
from autograder.simulation.switch import Waiting
from autograder.tap.redis_commands import Command, command

__all__ = ["SimulatedRedis", "redis_for"]

RESEND_S = 0.2
"""After how long lost bytes are sent again."""


class SimulatedRedis:
    """One Redis of a simulation; processes reach it at ``redis://NAME:6379/0``."""

    def __init__(self, sim: Simulation, name: str) -> None:
        self.name, self.sim = name, sim
        self.server = FakeServer(server_type="redis", version=(7,))
        self.up = True
        self.own = contextvars.copy_context()
        """Its commands run here, and not in the context of the process that sent them: TIME is the server's."""
        self.drawn: Callable[[], bool] = lambda: True
        """Does the next command stand in the history? Of ten thousand a picture shows a few."""
        self._connections: list[_Connection] = []

    def accept(self, process: str, send: Callable[[bytes], None], cut: Callable[[], None]) -> _Connection:
        """A process connects."""
        connection = _Connection(self, process, send, cut)
        self._connections.append(connection)
        return connection

    def execute(self, *words: Any) -> Any:
        """The judge's own look: one command, at once, past the network and the history."""
        answers: list[Any] = []
        socket = _Socket(self.server, answers.append)
        socket.sendall(_encoded([str(word).encode() for word in words]))
        if not answers:
            raise ValueError(f"{words[0]} does not answer at once")
        if isinstance(answers[0], Exception):
            raise ValueError(str(answers[0].args[0]))
        return _text(answers[0])

    def stop(self) -> None:
        """It dies: connections break, and nobody answers until :meth:`start`. What it held is still there then."""
        self.up = False
        self.sim.streams.backends.pop(self.name, None)
        for connection in list(self._connections):
            connection.cut()

    def start(self, *, empty: bool = False) -> None:
        """It is back; ``empty`` when it had kept nothing."""
        if empty:
            self.server = FakeServer(server_type="redis", version=(7,))
        self.up = True
        self.sim.streams.backends[self.name] = self.accept

    def gone(self, connection: _Connection) -> None:
        """A connection has ended."""
        if connection in self._connections:
            self._connections.remove(connection)


def redis_for(sim: Simulation, name: str = "redis") -> SimulatedRedis:
    """Give a simulation a Redis."""
    redis = SimulatedRedis(sim, name)
    redis.start()
    return redis


class _Socket(AsyncFakeSocket):
    """fakeredis, with answers handed on as they come."""

    def __init__(self, server: FakeServer, answered: Callable[[Any], None]) -> None:
        super().__init__(server, 0, set(), None)
        self._answered = answered

    def _decode_error(self, error: Any) -> Any:
        """As it is: which exception a client makes of it is the client's affair."""
        return error

    def put_response(self, msg: Any) -> None:
        self._answered(getattr(msg, "value", msg) if not isinstance(msg, Exception) else msg)

    @property
    def protocol(self) -> int:
        """The version of RESP that the client has asked for."""
        return self._client_info.protocol_version


class _Connection:
    """The backend's end of one connection of one process."""

    def __init__(
        self, redis: SimulatedRedis, process: str, send: Callable[[bytes], None], cut: Callable[[], None]
    ) -> None:
        self._redis, self._process, self._send, self._cut = redis, process, send, cut
        self._sim, self._loop = redis.sim, redis.sim.loop
        self._socket = _Socket(redis.server, self._answered)
        self._buffer = b""
        self._last = {"there": 0.0, "back": 0.0}
        self._asked: deque[tuple[Waiting, Command]] = deque()
        self._open = True

    def received(self, data: bytes) -> None:
        """Bytes have left the process."""
        self._buffer += data
        while self._open:
            words, self._buffer = _first(self._buffer)
            if not words:
                return
            self._ask(words)

    def _ask(self, words: list[bytes]) -> None:
        asked = command(words)
        sim, switch = self._sim, self._sim.switch
        running = switch.processes.get(self._process)
        entry = sim.ledger.begin(
            self._process, self._redis.name, asked.label, _told(asked, words),
            incarnation=running.incarnation if running else 1, recorded=asked.counted and self._redis.drawn(),
        )  # fmt: skip
        entry.reads = not asked.effect
        waiting = Waiting(entry, lambda ending, value: None, entry.incarnation)
        switch.waiting[waiting] = None
        entry.fault = sim.strikes.at(entry) if asked.counted else ""
        if entry.fault in ("kill-before", "drop-before"):
            self._strike(entry)
            return
        self._travel("there", self._process, self._redis.name, lambda: self._execute(words, waiting, asked))

    def _execute(self, words: list[bytes], waiting: Waiting, asked: Command) -> None:
        self._asked.append((waiting, asked))
        self._redis.own.copy().run(self._socket.sendall, _encoded(words))

    def _answered(self, answer: Any) -> None:
        """An answer of fakeredis; one that nobody asked for is a published message."""
        data = encode_reply(answer, self._socket.protocol, nested=isinstance(answer, bytes))
        if not self._asked:
            self._travel("back", self._redis.name, self._process, lambda: self._send(data))
            return
        waiting, _ = self._asked.popleft()
        if waiting.entry.fault in ("kill-after", "drop-after"):
            self._strike(waiting.entry)
            return
        self._travel("back", self._redis.name, self._process, lambda: self._hear(waiting, answer, data))

    def _hear(self, waiting: Waiting, answer: Any, data: bytes) -> None:
        switch = self._sim.switch
        if waiting in switch.waiting:
            del switch.waiting[waiting]
            failed = isinstance(answer, Exception)
            said = str(answer.args[0]) if failed else _shown(answer)
            self._sim.ledger.heard(waiting.entry, "failed" if failed else "ok", None if failed else _text(answer), said)
        self._send(data)

    def _strike(self, entry: Entry) -> None:
        process = self._sim.switch.processes.get(self._process)
        if entry.fault.startswith("kill") and process is not None:
            process.crash()
        else:
            self.cut()

    def _travel(self, way: str, source: str, target: str, then: Callable[[], None]) -> None:
        """Carry bytes: in order, late when they were lost, not before the network is whole again."""
        network = self._sim.network
        delay = network.delay(source, target)
        if network.loses(source, target):
            delay += RESEND_S
        self._last[way] = max(self._last[way], self._loop.now + delay)
        self._loop.call_at(self._last[way], self._arrive, way, source, target, then)

    def _arrive(self, way: str, source: str, target: str, then: Callable[[], None]) -> None:
        if not self._open:
            return
        if self._sim.network.passes(source, target):
            then()
            return
        self._last[way] = max(self._last[way], self._loop.now + RESEND_S)
        self._loop.call_at(self._last[way], self._arrive, way, source, target, then)

    def cut(self) -> None:
        """The connection breaks, for both."""
        if self._open:
            self.closed()
            self._loop.call_later(self._sim.network.delay(self._redis.name, self._process), self._cut)

    def closed(self) -> None:
        """The process has hung up, or is dead: what was on its way stays there."""
        if not self._open:
            return
        self._open = False
        self._redis.gone(self)
        for waiting in [one for one in self._sim.switch.waiting if one.entry.callee == self._redis.name]:
            if waiting.entry.caller == self._process:
                self._sim.switch.give_up(waiting, "the connection was lost")
        self._socket.close()


def _first(buffer: bytes) -> tuple[list[bytes], bytes]:
    """The first whole command in the buffer and what is left; nothing while it is not whole."""
    head, found, rest = buffer.partition(b"\r\n")
    if not found:
        return [], buffer
    words = []
    for _ in range(int(head[1:])):
        size, found, after = rest.partition(b"\r\n")
        length = int(size[1:]) if found else 0
        if not found or len(after) < length + 2:
            return [], buffer
        words.append(after[:length])
        rest = after[length + 2 :]
    return words, rest


def _told(asked: Command, words: list[bytes]) -> tuple[Any, ...]:
    """A command's arguments as a reader wants to see them: a script is its own text, which stands in the program."""
    rest = tuple(_text(words[1:]))
    return ("(script)", *rest[1:]) if asked.name in ("EVAL", "EVAL_RO") else rest


def _encoded(words: list[bytes]) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def _text(value: Any) -> Any:
    """Bytes as text, everywhere in a value."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple | set | frozenset):
        return [_text(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, dict):
        return {str(_text(key)): _text(one) for key, one in value.items()}
    return value


def _shown(value: Any) -> str:
    said = _text(value)
    return "(nil)" if said is None else str(said)
