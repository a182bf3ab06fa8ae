"""A wire: one non-blocking socket of a link, with the bytes that its peer was too slow to take.

Nothing here ever waits. What cannot be sent at once is kept and sent when the socket can take it; the link stops
reading from the other side while too much is kept (back-pressure).
"""

from __future__ import annotations

import errno
import selectors
import socket
from collections.abc import Callable

__all__ = ["Wire"]

READ_BYTES_MAX = 262_144
IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


class Wire:
    """One side of a link."""

    def __init__(self, selector: selectors.BaseSelector, sock: socket.socket, *, connected: bool = True) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.unsent = bytearray()
        self.ended = False
        """The peer will send nothing more."""
        self.closed = False
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_end: Callable[[], None] = lambda: None
        self.on_sent: Callable[[], None] = lambda: None
        self._selector = selector
        self._connected = connected
        self._reading = True
        self._finishing = False
        self._events = 0
        self._watch()

    @classmethod
    def to(cls, selector: selectors.BaseSelector, address: tuple[str, int]) -> Wire:
        """A wire to a server; the connection may still be on its way when this returns."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        code = sock.connect_ex(address)
        if code not in IN_PROGRESS:
            sock.close()
            raise ConnectionError(code, f"no backend answers at {address[0]}:{address[1]}")
        return cls(selector, sock, connected=code == 0)

    def send(self, data: bytes) -> None:
        """Send now what the socket takes, and keep the rest for later."""
        if self.closed or not data:
            return
        if self._connected and not self.unsent:
            data = data[self._try(data) :]
        if data and not self.closed:
            self.unsent += data
            self._watch()

    def finish(self) -> None:
        """Say that we will send nothing more, once everything is sent."""
        self._finishing = True
        self._finish_if_sent()

    def pause(self) -> None:
        """Read nothing until :meth:`resume`."""
        if self._reading:
            self._reading = False
            self._watch()

    def resume(self) -> None:
        """Read again."""
        if not self._reading:
            self._reading = True
            self._watch()

    def detach(self) -> None:
        """Leave the loop; the socket stays open."""
        if self._events:
            self._selector.unregister(self.sock)
            self._events = 0

    def close(self) -> None:
        """Leave the loop and close the socket."""
        if not self.closed:
            self.detach()
            self.closed = True
            self.sock.close()

    def ready(self, events: int) -> None:
        """The selector says that the socket can be read or written."""
        if events & selectors.EVENT_WRITE and not self.closed:
            self._flush()
        if events & selectors.EVENT_READ and not self.closed and self._reading and not self.ended:
            self._receive()

    def _receive(self) -> None:
        try:
            data = self.sock.recv(READ_BYTES_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self.on_data(data)
        else:
            self._end()

    def _end(self) -> None:
        if not self.ended:
            self.ended = True
            self._watch()
            self.on_end()

    def _flush(self) -> None:
        if not self._connected:
            if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.unsent.clear()
                self._end()
                return
            self._connected = True
        if self.unsent:
            del self.unsent[: self._try(memoryview(bytes(self.unsent[:READ_BYTES_MAX])))]
        if not self.closed:
            self._finish_if_sent()
            self._watch()
            self.on_sent()

    def _try(self, data: bytes | memoryview) -> int:
        try:
            return self.sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:  # the peer is gone: what we had for it no longer matters, its end is noticed by reading
            self.unsent.clear()
            return len(data)

    def _finish_if_sent(self) -> None:
        if self._finishing and self._connected and not self.unsent and not self.closed:
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def _watch(self) -> None:
        """Tell the selector what we wait for now."""
        if self.closed:
            return
        events = selectors.EVENT_READ if self._reading and not self.ended else 0
        if self.unsent or not self._connected:
            events |= selectors.EVENT_WRITE
        if events == self._events:
            return
        if not events:
            self._selector.unregister(self.sock)
        elif not self._events:
            self._selector.register(self.sock, events, self.ready)
        else:
            self._selector.modify(self.sock, events, self.ready)
        self._events = events
