"""What Postgres answers to one request: its rows, its command tag, its error."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.tap.postgres_text import Column, columns, error_fields, row
from autograder.tap.request import Request, shortened

__all__ = ["Answer"]

ROWS_SHOWN = 3
ROW_BYTES_MAX = 4096
DESCRIPTION, COMPLETE = ord("T"), ord("C")
ANSWERED = b"PBDEC"


@dataclass
class Answer:
    """An answer while it comes in."""

    owed: int = 0
    """How many replies are still to come before an answer without a Sync is whole."""
    synchronises: bool = True
    """Does the answer end with ReadyForQuery?"""
    extended: bool = False
    shown: list[str] = field(default_factory=list)
    rows: int = 0
    tags: list[str] = field(default_factory=list)
    error: tuple[str, str] | None = None
    described: list[Column] = field(default_factory=list)

    @classmethod
    def to(cls, request: Request) -> Answer:
        """What the answer to this request will have to contain."""
        data = request.data
        extended = data[:1] != b"Q"
        flushed = extended and data[-5:] == b"H\x00\x00\x00\x04"
        return cls(owed=_replies(data) if flushed else 0, synchronises=not flushed, extended=extended)

    def row(self, buffer: bytearray, start: int, end: int) -> None:
        """One DataRow, from its type byte at ``start``; only the first few are kept."""
        self.rows += 1
        if len(self.shown) < ROWS_SHOWN:
            message = bytes(buffer[start + 5 : end])
            short = len(message) <= ROW_BYTES_MAX
            self.shown.append(row(message, self.described) if short else f"<row of {len(message)} bytes>")

    def message(self, kind: int, message: bytes) -> None:
        """Any other message."""
        if kind == DESCRIPTION:
            self.described = columns(message)
        elif kind == COMPLETE:
            self.tags.append(message[:-1].decode("utf-8", "replace"))

    def failed(self, message: bytes) -> None:
        """An ErrorResponse."""
        self.error = error_fields(message)

    def tell(self, request: Request) -> None:
        """Write the outcome into the request."""
        tag = next((tag for tag in reversed(self.tags) if tag.split()[0] not in ("BEGIN", "SET")), "")
        tag = tag or (self.tags[-1] if self.tags else "")
        request.rows = self.rows or _count(tag)
        if self.error:
            request.error = self.error[0]
            request.answer = shortened(" ".join(self.error))
        else:
            request.answer = shortened(self._text(tag))

    def _text(self, tag: str) -> str:
        more = f" … {self.rows} rows" if self.rows > len(self.shown) else ""
        rows = " ".join(self.shown) + more
        if tag.startswith(("SELECT", "FETCH", "SHOW")):
            return rows or "no rows"
        return f"{tag}: {rows}" if rows else tag


def _count(tag: str) -> int | None:
    """The number of rows that a command tag tells: ``INSERT 0 1``, ``UPDATE 3``."""
    last = tag.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else None


def _replies(data: bytes) -> int:
    """How many replies the messages of a flushed unit have."""
    count = at = 0
    while at < len(data):
        count += data[at] in ANSWERED
        at += 1 + int.from_bytes(data[at + 1 : at + 5], "big")
    return count
