"""Cutting links so that it is over when it is over: every backend has then seen the end of its connection.

For Postgres that means that the rollback *has happened*; no run has to poll or to sleep for it. A statement that waits
for somebody's lock does not notice that its client is gone, so it is cancelled after a moment.
"""

from __future__ import annotations

import select
import selectors
import socket
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.tap.link import Link
    from autograder.tap.wire import Wire

__all__ = ["BackendStuck", "await_end", "hang_up"]

PATIENCE_S = 10.0
CANCEL_AFTER_S = 0.2


class BackendStuck(RuntimeError):
    """A backend did not end a connection although its client is gone."""


def hang_up(links: Sequence[Link], patience_s: float = PATIENCE_S) -> None:
    """End the server side of these links, wait until the backends have ended theirs, then end the client side."""
    waiting = [link for link in links if link.server is not None and not link.server.ended and _must_wait(link)]
    for link in links:
        link.client.detach()
        if link.server is not None:
            link.server.detach()
    try:
        _await_ends(waiting, patience_s)
    finally:
        for link in links:
            link.client.close()
            if link.server is not None:
                link.server.close()


def await_end(wire: Wire, patience_s: float = PATIENCE_S) -> None:
    """End a session that nobody uses, and wait until the backend has ended its side."""
    wire.detach()
    _shut(wire.sock)
    deadline = time.monotonic() + patience_s
    while not _at_end(wire.sock) and time.monotonic() < deadline:
        select.select([wire.sock], [], [], CANCEL_AFTER_S)
    wire.close()


def _must_wait(link: Link) -> bool:
    return link.conversation.must_see_end()


def _await_ends(links: Sequence[Link], patience_s: float) -> None:
    with selectors.DefaultSelector() as selector:
        for link in links:
            _shut(link.server.sock)
            selector.register(link.server.sock, selectors.EVENT_READ, link)
        started = time.monotonic()
        cancelled = False
        while selector.get_map():
            for key, _ in selector.select(CANCEL_AFTER_S / 4):
                if _at_end(key.fileobj):
                    selector.unregister(key.fileobj)
            passed_s = time.monotonic() - started
            if passed_s > CANCEL_AFTER_S and not cancelled:
                cancelled = True
                for key in list(selector.get_map().values()):
                    _cancel(key.data)
            if passed_s > patience_s:
                raise BackendStuck(_sentence([key.data for key in selector.get_map().values()], patience_s))


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _at_end(sock: socket.socket) -> bool:
    """Read and forget what still comes; True when the backend has ended its side."""
    try:
        return not sock.recv(65_536)
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:
        return True


def _cancel(link: Link) -> None:
    message = link.conversation.cancel()
    if not message:
        return
    try:
        with socket.create_connection(link.door.upstream, timeout=1.0) as sock:
            sock.sendall(message)
            sock.recv(1)
    except OSError:
        pass  # the server itself is gone, then so is the statement


def _sentence(links: Sequence[Link], patience_s: float) -> str:
    names = ", ".join(f"{link.door.protocol} (connection of {link.process})" for link in links)
    return f"the backend did not end a closed connection within {patience_s:g} s: {names}; is it still alive?"
