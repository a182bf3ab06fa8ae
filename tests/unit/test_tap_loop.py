"""The tap on real sockets: a fake backend on one side, a client on the other, one thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from autograder.tap import BackendStuck, Request, Tap
from autograder.tap.closing import hang_up
from tests.unit import tap_postgres_messages as m
from tests.unit.test_tap_redis import command

PATIENCE_S = 10.0
LONG = 20 << 20


class FakeBackend:
    """A server that accepts, listens, and says what the test wants."""

    def __init__(self, tap: Tap) -> None:
        self.tap = tap
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sock: socket.socket | None = None
        self.got = bytearray()
        self.ended = False

    @property
    def address(self) -> tuple[str, int]:
        return self.listener.getsockname()

    def accept(self) -> None:
        self.sock, _ = self.listener.accept()
        self.sock.setblocking(False)

    def read(self) -> bytes:
        """Everything that has come so far."""
        if self.sock is None:
            self.listener.setblocking(False)
            try:
                self.accept()
            except BlockingIOError:
                return b""
        self.ended |= drain(self.sock, self.got)
        return bytes(self.got)

    def say(self, data: bytes) -> None:
        self.sock.setblocking(True)
        self.sock.sendall(data)
        self.sock.setblocking(False)

    def close(self) -> None:
        for sock in (self.sock, self.listener):
            if sock is not None:
                sock.close()


def drain(sock: socket.socket, into: bytearray) -> bool:
    """Read what is there; True at the end."""
    while True:
        try:
            data = sock.recv(1 << 20)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        if not data:
            return True
        into += data


def until(tap: Tap, condition: Callable[[], bool]) -> None:
    """Let the tap work until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        tap.poll(0.01)
        assert time.monotonic() < deadline, "it never came to that"


def settle(tap: Tap) -> None:
    """Let the tap work until nothing more happens."""
    while tap.poll(0.02):
        pass


@pytest.fixture
def tap() -> Iterator[Tap]:
    with Tap() as tap:
        yield tap


@pytest.fixture
def backend(tap: Tap) -> Iterator[FakeBackend]:
    backend = FakeBackend(tap)
    yield backend
    backend.close()
    tap.close_links()


@pytest.fixture
def client(tap: Tap, backend: FakeBackend) -> Iterator[socket.socket]:
    """A client of a Redis door of relay-1."""
    with socket.create_connection(("127.0.0.1", tap.door("relay-1", "redis", backend.address).port)) as sock:
        sock.setblocking(False)
        yield sock


GET, SET, FIVE = command("GET", "lamp"), command("SET", "lamp", "5"), b"$1\r\n5\r\n"


def heard(client: socket.socket) -> bytes:
    data = bytearray()
    drain(client, data)
    return bytes(data)


def test_bytes_reach_both_sides(tap: Tap, backend: FakeBackend, client: socket.socket) -> None:
    client.sendall(GET)
    until(tap, lambda: backend.read() == GET)
    backend.say(FIVE)
    settle(tap)
    assert heard(client) == FIVE


def test_counted_requests_are_numbered(tap: Tap, backend: FakeBackend, client: socket.socket) -> None:
    numbers: list[int] = []
    tap.on_request = lambda request: numbers.append(request.number) or "forward"
    client.sendall(command("PING") + GET + SET)
    until(tap, lambda: backend.read().endswith(b"PING\r\n"))
    backend.say(b"+PONG\r\n")
    until(tap, lambda: backend.read().endswith(GET))
    backend.say(FIVE)
    until(tap, lambda: backend.read().endswith(SET))
    assert numbers == [1, 2]


def test_a_held_request_may_be_released_later_to_delay_it(
    tap: Tap, backend: FakeBackend, client: socket.socket
) -> None:
    held: list[Request] = []

    def delay(request: Request) -> str:
        held.append(request)
        tap.later(0.05, request.release)
        return "hold"

    tap.on_request = delay
    client.sendall(GET)
    until(tap, lambda: bool(held))
    before = time.monotonic()
    assert backend.read() == b""
    until(tap, lambda: backend.read() == GET)
    assert time.monotonic() - before > 0.04


def test_timers_run_in_their_order_and_may_be_cancelled(tap: Tap) -> None:
    done: list[str] = []
    tap.later(0.02, lambda: done.append("second"))
    tap.later(0.01, lambda: done.append("first"))
    tap.later(0.0, lambda: done.append("never")).cancel()
    started = time.monotonic()
    until(tap, lambda: len(done) == 2)
    assert done == ["first", "second"] and time.monotonic() - started < 5


def test_poll_tells_how_much_happened(tap: Tap, backend: FakeBackend) -> None:
    assert tap.poll(0) == 0
    tap.later(0, lambda: None)
    assert tap.poll(0) == 1
    socket.create_connection(("127.0.0.1", tap.door("relay-1", "redis", backend.address).port)).close()
    assert tap.poll(1) == 1


def test_other_sources_are_watched_by_the_same_loop(tap: Tap) -> None:
    one, other = socket.socketpair()
    with one, other:
        news: list[bytes] = []
        tap.watch(one, lambda: news.append(one.recv(10)))
        other.send(b"x")
        until(tap, lambda: news == [b"x"])
        tap.unwatch(one)
        other.send(b"y")
        assert tap.poll(0) == 0


def test_the_door_of_a_process_is_one_door(tap: Tap) -> None:
    first = tap.door("relay-1", "redis", ("127.0.0.1", 1))
    assert tap.door("relay-1", "redis", ("127.0.0.1", 1)) is first
    assert tap.door("relay-2", "redis", ("127.0.0.1", 1)) is not first
    assert tap.ports("relay-1") == [first.port]
    assert first.address == f"127.0.0.1:{first.port}"


# ---- ends


def test_half_a_request_of_a_killed_client_reaches_nobody(
    tap: Tap, backend: FakeBackend, client: socket.socket
) -> None:
    client.sendall(GET[:-3])
    until(tap, lambda: bool(tap.links))
    client.close()
    until(tap, lambda: not tap.links)
    assert backend.read() == b""


def test_whole_requests_of_a_client_that_is_gone_still_arrive(
    tap: Tap, backend: FakeBackend, client: socket.socket
) -> None:
    client.sendall(SET + GET + GET[:4])
    client.close()
    until(tap, lambda: backend.read() == SET)
    backend.say(b"+OK\r\n")
    until(tap, lambda: backend.read() == SET + GET)
    backend.say(FIVE)
    until(tap, lambda: backend.read() == SET + GET and backend.ended)
    backend.close()
    until(tap, lambda: not tap.links)


def test_a_request_that_is_held_outlives_its_client(tap: Tap, backend: FakeBackend, client: socket.socket) -> None:
    held: list[Request] = []
    tap.on_request = lambda request: held.append(request) or "hold"
    client.sendall(SET)
    client.close()
    until(tap, lambda: bool(held))
    settle(tap)
    held[0].release()
    until(tap, lambda: backend.read() == SET)


def test_a_backend_that_ends_ends_its_client_and_loses_the_request(
    tap: Tap, backend: FakeBackend, client: socket.socket
) -> None:
    lost: list[str] = []
    tap.on_lost = lambda request: lost.append(request.label)
    client.sendall(SET)
    until(tap, lambda: backend.read() == SET)
    backend.say(b"$10\r\nhalf")
    backend.close()
    until(tap, lambda: not tap.links)
    assert lost == ["SET"] and heard(client) == b"$10\r\nhalf"


def test_a_backend_that_is_not_there_ends_the_client(tap: Tap, client: socket.socket, backend: FakeBackend) -> None:
    backend.close()
    client.sendall(GET)
    until(tap, lambda: drain(client, bytearray()))
    assert not tap.links


def test_a_held_answer_is_delivered_although_the_backend_has_ended(
    tap: Tap, backend: FakeBackend, client: socket.socket
) -> None:
    held: list[Request] = []
    tap.on_answer = lambda request: held.append(request) or "hold"
    client.sendall(GET)
    until(tap, lambda: backend.read() == GET)
    backend.say(FIVE)
    backend.close()
    until(tap, lambda: bool(held))
    settle(tap)
    assert heard(client) == b""
    held[0].release()
    until(tap, lambda: not tap.links)
    assert heard(client) == FIVE


def test_a_dropped_request_never_arrives(tap: Tap, backend: FakeBackend, client: socket.socket) -> None:
    tap.on_request = lambda request: "drop" if request.label == "SET" else "forward"
    client.sendall(GET)
    until(tap, lambda: backend.read() == GET)
    backend.say(FIVE)
    client.sendall(SET)
    backend.sock.setblocking(True)
    closing = FakeEnd(backend)
    until(tap, lambda: not tap.links)
    closing.join()
    assert bytes(backend.got) == GET and drain(client, bytearray())


class FakeEnd:
    """The backend closes its side as soon as it has seen the client's end (the tap waits for exactly that)."""

    def __init__(self, backend: FakeBackend) -> None:
        self.thread = threading.Thread(target=self._run, args=(backend,), daemon=True)
        self.thread.start()

    @staticmethod
    def _run(backend: FakeBackend) -> None:
        while data := backend.sock.recv(1 << 16):
            backend.got += data
        backend.sock.close()

    def join(self) -> None:
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


def test_closing_links_waits_for_the_backends_end(tap: Tap, backend: FakeBackend, client: socket.socket) -> None:
    client.sendall(GET)
    until(tap, lambda: backend.read() == GET)
    backend.sock.setblocking(True)
    closing = FakeEnd(backend)
    tap.close_links("relay-1")
    closing.join()
    assert not tap.links and drain(client, bytearray())


def test_closing_links_leaves_other_processes_alone(tap: Tap, backend: FakeBackend, client: socket.socket) -> None:
    client.sendall(GET)
    until(tap, lambda: backend.read() == GET)
    tap.close_links("relay-2")
    assert len(tap.links) == 1
    backend.say(FIVE)
    settle(tap)
    assert heard(client) == FIVE
    backend.close()


def test_a_backend_that_never_ends_is_named(tap: Tap, backend: FakeBackend, client: socket.socket) -> None:
    client.sendall(GET)
    until(tap, lambda: backend.read() == GET)
    (link,) = tap.links
    with pytest.raises(
        BackendStuck, match=r"did not end a closed connection within 0.05 s: redis \(connection of relay-1"
    ):
        hang_up([link], patience_s=0.05)
    tap.close_link(link)


def test_a_backend_is_busy_while_it_has_a_request(tap: Tap, backend: FakeBackend, client: socket.socket) -> None:
    client.sendall(GET)
    until(tap, lambda: backend.read() == GET)
    assert tap.is_busy("relay-1") and not tap.is_busy("relay-2")
    backend.say(FIVE)
    settle(tap)
    assert not tap.is_busy("relay-1")
