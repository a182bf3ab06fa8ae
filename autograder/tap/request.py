"""A request: one thing that a process asks of a backend, from its arrival at the door until it is answered.

A *held* request waits at the door, either before the backend has seen it or, with its answer ready, before the client
has. Its *kind* says what it may do to others; its *effect* says whether they could notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from autograder.history import Backend

__all__ = [
    "LABEL_CHARS_MAX", "LONG_POLL", "TEXT_CHARS_MAX", "Action", "Kind", "Request", "Transaction", "shortened",
]  # fmt: skip

Action = Literal["forward", "hold", "drop"]
Kind = Literal["control", "read", "lock", "write", "end"]
"""``control`` touches nothing that is shared (BEGIN, SET, MULTI); ``read`` commutes with other reads; ``lock`` may make
others wait (select for update, advisory locks); ``write`` changes something; ``end`` is COMMIT or ROLLBACK."""
Transaction = Literal["idle", "open", "failed"]

TEXT_CHARS_MAX = 300
LABEL_CHARS_MAX = 60
LONG_POLL = "Fetch"
"""The label of a request whose answer may be long in coming although nothing is being done."""


class Origin(Protocol):
    """The link a request came by."""

    backend_pid: int | None

    def release(self, request: Request) -> None: ...

    def cut(self) -> None: ...


@dataclass(eq=False, slots=True, kw_only=True)
class Request:
    """One request of one process, and what became of it."""

    process: str
    backend: Backend
    label: str
    """As in :attr:`autograder.history.Call.label`: short, stable, without values."""
    link: Origin
    data: bytes = b""
    """What goes to the backend."""
    text: str = ""
    """The request as a reader wants to see it, values bound, at most 300 characters."""
    kind: Kind = "write"
    effect: bool = False
    counted: bool = True
    """May an engine stop here? Handshakes and house-keeping are not counted."""
    silent: bool = False
    """The backend will not answer (a Kafka produce with acks=0, a subscription): nobody learns what came of it."""
    number: int = 0
    """The how-manieth counted request of its tap, from 1."""
    answer: str = ""
    error: str | None = None
    """SQLSTATE, the first word of a Redis error, the number and name of a Kafka error, an HTTP status from 400."""
    rows: int | None = None
    transaction: Transaction = "idle"
    """The state of the Postgres transaction after the answer."""
    forwarded: bool = False
    answered: bool = False
    held: bool = False
    preparing: bool = False
    """Its Parse went (or goes) ahead in a round trip of its own; the Execute that follows belongs to this request."""
    executes: bool = True
    """Does it run anything, or does it only prepare, describe and synchronise?"""
    reply: bytes = field(default=b"", repr=False)
    """The part of the answer that the client has not been sent yet."""

    def __post_init__(self) -> None:
        self.label = shortened(self.label, LABEL_CHARS_MAX)
        self.text = shortened(self.text)

    @property
    def protocol(self) -> Backend:
        """The protocol it was spoken in, which is the backend's name."""
        return self.backend

    @property
    def backend_pid(self) -> int | None:
        """The server process that serves this link; Postgres only."""
        return self.link.backend_pid

    def release(self) -> None:
        """Let a held request, or a held answer, go on. Does nothing when it is not held (any more)."""
        if self.held:
            self.link.release(self)

    def drop(self) -> None:
        """Cut the connection that it came by."""
        self.link.cut()


def shortened(text: str, chars_max: int = TEXT_CHARS_MAX) -> str:
    """The text itself, or its beginning and an ellipsis; nothing in it can move a terminal's cursor."""
    text = text if len(text) <= chars_max else text[: chars_max - 1] + "…"
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
