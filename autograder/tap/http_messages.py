"""HTTP/1.1 messages cut out of a stream of bytes."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.tap.link import MESSAGE_BYTES_MAX
from autograder.tap.request import TEXT_CHARS_MAX

__all__ = ["Message", "MessageCutter", "NotHttp"]

HEAD_BYTES_MAX = 64 << 10
NO_BODY = ("204", "304")


class NotHttp(ValueError):
    """The bytes are no HTTP message, or one above the limits."""


@dataclass(frozen=True)
class Message:
    """One whole request or answer."""

    start: list[str]
    """The words of the first line."""
    data: bytes
    body: bytes

    def body_text(self) -> str:
        """The body on one line, if it is text."""
        text = self.body[: 4 * TEXT_CHARS_MAX].decode("utf-8", "replace")
        return " ".join(text.split()) if text.isprintable() or "\n" in text else f"<{len(self.body)} bytes>"


class MessageCutter:
    """Bytes in, messages out."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._scanned = 0
        """In a chunked body: the next chunk starts here."""
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """More bytes."""
        self._data += data
        if len(self._data) > MESSAGE_BYTES_MAX:
            raise NotHttp("a message above 64 MB")

    def rest(self) -> bytes:
        """What is left over, given away."""
        left = bytes(self._data)
        self._data.clear()
        return left

    def next(self, bodiless: bool = False) -> Message | None:
        """The next whole message, if it is here; ``bodiless`` for an answer to HEAD."""
        head = self._head()
        if head is None:
            return None
        start, headers, body_at = head
        answer = start[0].upper().startswith("HTTP/")
        code = start[1] if answer and len(start) > 1 else ""
        if bodiless or code in NO_BODY or code.startswith("1"):
            return self._cut(start, body_at, body_at)
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunked(start, body_at)
        if "content-length" in headers:
            end = body_at + self._number(headers["content-length"], 10)
            return self._cut(start, body_at, end) if len(self._data) >= end else None
        return None if answer else self._cut(start, body_at, body_at)

    def end(self) -> Message | None:
        """No more bytes will come: an answer whose body had no length is whole now."""
        head = self._head()
        if head is None:
            return None
        start, headers, body_at = head
        if "content-length" in headers or "transfer-encoding" in headers:
            return None
        return self._cut(start, body_at, len(self._data))

    def _head(self) -> tuple[list[str], dict[str, str], int] | None:
        end = self._data.find(b"\r\n\r\n", 0, HEAD_BYTES_MAX)
        if end < 0:
            if len(self._data) >= HEAD_BYTES_MAX:
                raise NotHttp("headers above 64 kB")
            return None
        first, *lines = self._data[:end].decode("latin-1").split("\r\n")
        start = first.split(" ", 2)
        if len(start) < 2:
            raise NotHttp(f"not a line of HTTP: {first[:40]!r}")
        headers = dict(_header(line) for line in lines)
        return start, headers, end + 4

    def _cut(self, start: list[str], body_at: int, end: int, body: bytes | None = None) -> Message:
        data = bytes(self._data[:end])
        del self._data[:end]
        self._scanned = 0
        self._body = bytearray()
        return Message(start, data, data[body_at:] if body is None else body)

    def _chunked(self, start: list[str], body_at: int) -> Message | None:
        """Goes on where it stopped, so that every chunk is looked at once."""
        at = self._scanned or body_at
        while (line_end := self._data.find(b"\r\n", at)) >= 0:
            size = self._number(self._data[at:line_end].split(b";")[0].decode("latin-1"), 16)
            if size == 0:
                end = self._trailers_end(line_end)
                return self._cut(start, body_at, end, bytes(self._body)) if end else None
            if len(self._data) < line_end + 2 + size + 2:
                return None
            self._body += self._data[line_end + 2 : line_end + 2 + size]
            at = self._scanned = line_end + 2 + size + 2
        return None

    def _trailers_end(self, last_chunk_end: int) -> int:
        """Behind the last chunk: trailers, then an empty line. 0 when that has not come."""
        end = self._data.find(b"\r\n\r\n", last_chunk_end)
        return end + 4 if end >= 0 else 0

    def _number(self, text: str, base: int) -> int:
        try:
            number = int(text.strip(), base)
        except ValueError:
            raise NotHttp(f"not a length: {text[:40]!r}") from None
        if not 0 <= number <= MESSAGE_BYTES_MAX:
            raise NotHttp("a message above 64 MB")
        return number


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()
