"""The tap under pressure: nobody makes it wait, and nobody fills its memory."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from autograder.tap import Tap
from tests.unit import tap_postgres_messages as m
from tests.unit.test_tap_loop import (
    FakeBackend, LONG, PATIENCE_S, backend, client, drain, heard, settle, tap, until, GET,
)  # fmt: skip  # noqa: F401  (some are fixtures)

def kept(tap: Tap) -> int:
    """How many bytes the tap keeps for its links."""
    total = 0
    for link in tap.links:
        total += len(link.client.unsent) + link.gate.waiting_bytes
        total += len(link.server.unsent) if link.server is not None else 0
        total += sum(len(request.reply) for request in link.gate.under_way)
    return total


@pytest.fixture
def session(tap: Tap, backend: FakeBackend) -> Iterator[socket.socket]:
    """A Postgres session of relay-1 that has asked something and has no answer yet."""
    with socket.create_connection(("127.0.0.1", tap.door("relay-1", "postgres", backend.address).port)) as sock:
        sock.sendall(m.HELLO[0])
        until(tap, lambda: backend.read() == m.HELLO[0])
        backend.say(m.HELLO[1])
        settle(tap)
        sock.setblocking(False)
        assert heard(sock) == m.HELLO[1]
        sock.sendall(m.query("select * from outbox"))
        until(tap, lambda: backend.read().endswith(b"outbox\0"))
        yield sock


ROWS = m.row(b"x" * 8000)


def pour(tap: Tap, send: Callable[[bytes], int], data: bytes) -> int:
    """Send as much as is taken while the other side reads nothing; the most that the tap kept meanwhile."""
    view, most, idle = memoryview(data), 0, 0
    while view and idle < 20:
        try:
            view = view[send(view[: 1 << 16]) :]
            idle = 0
        except BlockingIOError:
            idle += 1
        tap.poll(0)
        most = max(most, kept(tap))
    return most


def test_a_client_that_reads_nothing_stops_the_backend(tap: Tap, backend: FakeBackend, session: socket.socket) -> None:
    answer = m.columns(25) + ROWS * (LONG // len(ROWS)) + m.done("SELECT 1") + m.ready()
    assert pour(tap, backend.sock.send, answer) < 3 << 20
    assert len(tap.links) == 1


def test_a_backend_that_reads_nothing_stops_the_client(tap: Tap, backend: FakeBackend, client: socket.socket) -> None:
    assert pour(tap, client.send, GET * (LONG // len(GET))) < 3 << 20


def test_everything_arrives_once_the_slow_one_reads(tap: Tap, backend: FakeBackend, session: socket.socket) -> None:
    answer = m.columns(25) + ROWS * 1000 + m.done("SELECT 1000") + m.ready()
    sent, got = 0, bytearray()
    while len(got) < len(answer):
        try:
            sent += backend.sock.send(answer[sent : sent + (1 << 20)]) if sent < len(answer) else 0
        except BlockingIOError:
            drain(session, got)
        tap.poll(0)
        if sent == len(answer):
            drain(session, got)
    assert bytes(got) == answer


def test_a_long_answer_streams_but_its_end_can_be_held(tap: Tap, backend: FakeBackend, session: socket.socket) -> None:
    held: list[Request] = []
    tap.on_answer = lambda request: held.append(request) or "hold"
    answer = m.columns(25) + ROWS * 100 + m.done("SELECT 100") + m.ready()
    got = bytearray()
    backend.sock.setblocking(True)
    backend.sock.settimeout(PATIENCE_S)
    for start in range(0, len(answer), 1 << 16):
        backend.sock.sendall(answer[start : start + (1 << 16)])
        settle(tap)
        drain(session, got)
    until(tap, lambda: bool(held))
    drain(session, got)
    assert len(answer) // 2 < len(got) < len(answer) and not got.endswith(m.ready())
    held[0].release()
    until(tap, lambda: drain(session, got) or got.endswith(m.ready()))
    assert bytes(got) == answer and held[0].rows == 100
