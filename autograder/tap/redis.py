"""The Redis conversation: RESP2 and RESP3, pipelines, MULTI and EXEC, pushes and subscriptions.

A request is one command. Commands between MULTI and EXEC are only queued by the server, so the effect is EXEC's. What a
subscription sends comes without being asked for and goes straight to the client.
"""

from __future__ import annotations

from autograder.tap.link import MESSAGE_BYTES_MAX, Link
from autograder.tap.redis_commands import Command, command, refusal
from autograder.tap.request import Request, shortened
from autograder.tap.resp import Failure, Scanner, decode, shown

__all__ = ["RedisConversation"]

SHOWN_BYTES_MAX = 4096
PUSH = ord(">")
BULK = b"$=!"


class RedisConversation:
    """One connection with Redis."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.gate = link.gate
        self.in_multi = False
        self.queued_write = False
        self.queued: list[str] = []
        self.pushes_only = False
        """Subscribed under RESP2, or monitoring: nothing that the server sends answers anything."""
        self.resp3 = False
        self.mute = False
        self.skip_next = False
        self._client = bytearray()
        self._server = bytearray()
        self._asked, self._told = Scanner(), Scanner()
        self._refused: dict[Request, str] = {}
        self.gate.before = self._refuse

    def from_client(self, data: bytes) -> None:
        """Cut into commands."""
        buffer = self._client
        buffer += data
        while buffer and not self.link.closed:
            try:
                end, words = self._words(buffer)
            except ValueError:
                self.link.refuse(b"-ERR Protocol error: that is not a command of Redis\r\n")
                return
            if end < 0:
                if len(buffer) > MESSAGE_BYTES_MAX:
                    self.link.refuse(b"-ERR Protocol error: a command above 64 MB\r\n")
                return
            whole = bytes(buffer[:end])
            del buffer[:end]
            if words:
                self._command(command(words), whole)

    def _words(self, buffer: bytearray) -> tuple[int, list[bytes]]:
        if buffer[:1] != b"*":  # an inline command, as typed into a terminal
            end = buffer.find(b"\r\n")
            return (end + 2 if end >= 0 else -1), bytes(buffer[: max(end, 0)]).split()
        end = self._asked.end(buffer)
        words = decode(bytes(buffer[:end])) or [] if end >= 0 else []
        if not all(isinstance(word, bytes) for word in words):
            raise ValueError("the words of a command are bulk strings")
        return end, words

    def _command(self, asked: Command, data: bytes) -> None:
        request = Request(
            process=self.link.process, backend="redis", link=self.link, data=data,
            label=asked.label, text=asked.text, kind=asked.kind, effect=asked.effect, counted=asked.counted,
        )  # fmt: skip
        why = refusal(asked) if self.link.door.guarded else ""
        if why:
            self._refused[request] = why
            self.gate.add(request)
            return
        self._transaction(asked, request)
        request.silent = self._is_silent(asked)
        self.gate.add(request)

    def _refuse(self, request: Request) -> bool:
        """Answer a refused command in its turn; Redis never sees it."""
        why = self._refused.pop(request, "")
        if why:
            self.link.to_client(f"-NOPERM {why}\r\n".encode())
        return bool(why)

    def _transaction(self, asked: Command, request: Request) -> None:
        """Between MULTI and EXEC commands wait in the server; EXEC makes their effects."""
        if asked.name == "MULTI":
            self.in_multi, self.queued_write, self.queued = True, False, []
        elif asked.name in ("EXEC", "DISCARD", "RESET"):
            if asked.name == "EXEC":
                request.kind = "write" if self.queued_write or not self.in_multi else "read"
                request.effect = request.kind == "write"
                request.text = shortened(f"EXEC ({'; '.join(self.queued)})") if self.queued else "EXEC"
            self.in_multi = False
        elif self.in_multi:
            self.queued_write |= asked.effect
            self.queued.append(asked.text)
            request.kind, request.effect = "control", False

    def _is_silent(self, asked: Command) -> bool:
        """Will the server not answer it (in the order of the commands)?"""
        silent = self.mute or self.skip_next
        self.skip_next = False
        if asked.name == "CLIENT" and asked.arguments[:1] == ("REPLY",):
            mode = asked.arguments[1:2]
            self.mute = mode == ("OFF",)
            self.skip_next = mode == ("SKIP",)
            return mode != ("ON",)
        if asked.name == "MONITOR" or (asked.subscribes and not self.resp3):
            self.pushes_only = True
        if asked.name == "RESET":
            self.resp3 = self.pushes_only = False
            return False
        return silent or self.pushes_only or asked.subscribes

    def from_server(self, data: bytes) -> None:
        """Cut into values: answers in order, and pushes."""
        buffer = self._server
        buffer += data
        while buffer and not self.link.closed:
            end = self._told.end(buffer)
            if end < 0:
                return
            value = bytes(buffer[:end])
            del buffer[:end]
            self._value(value)

    def _value(self, value: bytes) -> None:
        request = self.gate.answering
        if self.pushes_only and request is None:
            self.link.to_client(value)
            if len(value) < SHOWN_BYTES_MAX and value[:1] == b"*":
                self._maybe_unsubscribed(decode(value))
        elif value[0] == PUSH or request is None:
            self.link.to_client(value)
        else:
            self._answer(request, value)
            if request.label == "HELLO" and not request.error:
                self.resp3 = request.text.startswith("HELLO 3")
            self.gate.collect(value)
            self.gate.complete()

    def _maybe_unsubscribed(self, push: object) -> None:
        """The last subscription has ended when the server says that none is left."""
        if isinstance(push, list) and len(push) == 3 and push[2] == 0 and push[0].endswith(b"unsubscribe"):
            self.pushes_only = False

    def _answer(self, request: Request, value: bytes) -> None:
        if len(value) > SHOWN_BYTES_MAX:
            head = value[: value.index(b"\r\n")]
            request.answer = f"<{head[1:].decode()} {'bytes' if value[0] in BULK else 'elements'}>"
            return
        said = decode(value)
        request.answer = shortened(shown(said))
        if isinstance(said, Failure):
            request.error = said.split(" ", 1)[0]

    def server_ended(self) -> None:
        """A value that was cut off goes to the client as it is."""
        self.link.to_client(bytes(self._server))
        self._server.clear()

    @property
    def lingers(self) -> bool:
        """Never: whoever hangs up is done."""
        return False

    def must_see_end(self) -> bool:
        """Redis forgets what a connection watched and waited for."""
        return True

    def cancel(self) -> bytes:
        """Of all commands only a script can be stopped, and one that has written cannot."""
        return b"*2\r\n$6\r\nSCRIPT\r\n$4\r\nKILL\r\n"
