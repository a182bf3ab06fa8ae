"""A stand for conversations: a link without sockets, and a backend that follows a script, cut at every byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from autograder.tap.gate import Gate
from autograder.tap.kept import KeptSessions
from autograder.tap.request import Action, Request

Exchange = tuple[bytes, bytes]
"""What must reach the backend, and what it then answers."""


@dataclass
class FakeDoor:
    """Where the client came in."""

    process: str = "relay-1"
    upstream: tuple[str, int] = ("127.0.0.1", 9092)
    user: str | None = None
    port: int = 19092
    guarded: bool = False
    backend: str = "http"


@dataclass
class FakeTap:
    """The engine's side: what it was asked."""

    joined_members: list[object] = field(default_factory=list)
    left_members: list[tuple[str, str, str]] = field(default_factory=list)
    doors: list[FakeDoor] = field(default_factory=list)
    kept: KeptSessions = field(default_factory=KeptSessions)

    def door(self, process: str, protocol: str, upstream: tuple[str, int]) -> FakeDoor:
        """A further door, numbered from 20000."""
        door = FakeDoor(process, upstream, None, 20_000 + len(self.doors))
        self.doors.append(door)
        return door

    def joined(self, process: str, member: object) -> None:
        self.joined_members.append(member)

    def left(self, process: str, group: str, member_id: str) -> None:
        self.left_members.append((process, group, member_id))


class FakeLink:
    """A link whose two sides are byte strings."""

    def __init__(self, door: FakeDoor | None = None) -> None:
        self.door = door or FakeDoor()
        self.process = self.door.process
        self.tap = FakeTap()
        self.closed = False
        self.backend_pid: int | None = None
        self.gate = Gate(self)
        self.at_server = bytearray()
        self.at_client = bytearray()
        self.offered: list[Request] = []
        self.answered: list[Request] = []
        self.refused = b""
        self.on_request: Callable[[Request], Action] = lambda request: "forward"
        self.on_answer: Callable[[Request], Action] = lambda request: "forward"

    def to_server(self, data: bytes) -> None:
        self.at_server += data

    def to_client(self, data: bytes) -> None:
        self.at_client += data

    def offer(self, request: Request) -> Action:
        self.offered.append(request)
        return self.on_request(request)

    def answer(self, request: Request) -> Action:
        self.answered.append(request)
        return self.on_answer(request)

    def release(self, request: Request) -> None:
        self.gate.release(request)

    def cut(self) -> None:
        self.closed = True

    def refuse(self, answer: bytes) -> None:
        self.refused = answer
        self.closed = True

    def spill(self) -> None:
        """Nothing is long enough here."""

    def labels(self) -> list[str]:
        """The counted requests, in order."""
        return [request.label for request in self.offered]


class Stand:
    """A conversation between a client and a scripted backend."""

    def __init__(
        self, converse: Callable[[FakeLink], object], script: Sequence[Exchange], link: FakeLink | None = None
    ):
        self.link = link or FakeLink()
        self.talk = converse(self.link)
        self.script = list(script)

    def say(self, data: bytes, cut: int | None = None) -> Stand:
        """The client sends this, in two parts when ``cut`` says where; the backend answers as scripted."""
        for part in (data,) if cut is None else (data[:cut], data[cut:]):
            if part:
                self.talk.from_client(part)
                self.answer(cut)
        return self

    def answer(self, cut: int | None = None) -> None:
        """The backend answers whatever has reached it whole; every answer is cut in two as well."""
        while self.script and bytes(self.link.at_server).startswith(self.script[0][0]):
            expected, reply = self.script.pop(0)
            del self.link.at_server[: len(expected)]
            place = (cut or 0) % (len(reply) + 1)
            for part in (reply[:place], reply[place:]):
                if part:
                    self.talk.from_server(part)

    def finished(self) -> bool:
        """The backend has got everything that the script expects, and nothing else."""
        return not self.script and not self.link.at_server and self.link.gate.empty
