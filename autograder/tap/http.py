"""The HTTP/1.1 conversation: one request at a time, bodies by length, in chunks, or (answers) up to the end.

Source: RFC 9112.
"""

from __future__ import annotations

from autograder.tap.http_messages import Message, MessageCutter, NotHttp
from autograder.tap.link import Link
from autograder.tap.request import Request, shortened

__all__ = ["HttpConversation"]

SAFE = ("GET", "HEAD", "OPTIONS")
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HttpConversation:
    """One connection with a service that speaks HTTP."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.gate = link.gate
        self._asked = MessageCutter()
        self._told = MessageCutter()
        self._raw = False
        """After an upgrade the bytes are no longer HTTP."""

    def from_client(self, data: bytes) -> None:
        """Cut into requests."""
        if self._raw:
            self.link.to_server(data)
            return
        try:
            self._asked.feed(data)
            while not self.link.closed and (message := self._asked.next()) is not None:
                self._request(message)
        except NotHttp:
            self.link.refuse(BAD_REQUEST)

    def _request(self, message: Message) -> None:
        method, path = message.start[0].upper(), _path(message.start[1] if len(message.start) > 1 else "/")
        body = message.body_text()
        target = message.start[1] if len(message.start) > 1 else "/"
        self.gate.add(
            Request(
                process=self.link.process,
                backend=self.link.door.backend,
                link=self.link,
                data=message.data,
                label=f"{method} {path}",
                text=shortened(f"{method} {target} {body}".strip()),
                kind="read" if method in SAFE else "write",
                effect=method not in SAFE,
            )  # fmt: skip
        )

    def from_server(self, data: bytes) -> None:
        """Cut into answers."""
        if self._raw:
            self.link.to_client(data)
            return
        try:
            self._told.feed(data)
            while not self.link.closed and (message := self._told.next(self._asked_head())) is not None:
                self._answer(message)
        except NotHttp:
            self.link.to_client(self._told.rest())

    def _asked_head(self) -> bool:
        """Is the answer to come one to HEAD, which has no body?"""
        request = self.gate.answering
        return request is not None and request.label.startswith("HEAD ")

    def _answer(self, message: Message) -> None:
        request = self.gate.answering
        code = message.start[1] if len(message.start) > 1 else ""
        if request is None or (code.startswith("1") and code != "101"):
            self.link.to_client(message.data)
            return
        self._raw = code == "101"
        request.answer = shortened(f"{code} {message.body_text()}".strip())
        request.error = code if code >= "400" else None
        self.gate.collect(message.data)
        self.gate.complete()

    def server_ended(self) -> None:
        """An answer without a length is whole when the connection ends."""
        message = self._told.end()
        if message is not None and self.gate.answering is not None:
            self._answer(message)
        else:
            self.link.to_client(self._told.rest())

    @property
    def lingers(self) -> bool:
        """Never: whoever hangs up is done."""
        return False

    def must_see_end(self) -> bool:
        """What a service does with a request it has got, it does whether or not its client is still there."""
        return False

    def cancel(self) -> bytes:
        """HTTP has no such thing."""
        return b""


def _path(target: str) -> str:
    """The path without its query, and without the parts that are ids: those with a digit in them."""
    path = target.split("?", 1)[0]
    return "/".join("…" if any(letter.isdigit() for letter in part) else part for part in path.split("/"))
