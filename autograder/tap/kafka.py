"""The Kafka conversation: what changes something is counted and passes alone, house-keeping flows by.

A Fetch may wait for messages, so requests that are not counted do not wait for each other; only a counted one waits for
the answer of the counted one before it. Answers keep their order, as Kafka promises for one connection.
"""

from __future__ import annotations

import struct

from autograder.tap.kafka_addresses import rewritten
from autograder.tap.kafka_fields import Fields
from autograder.tap.kafka_metadata import widened
from autograder.tap.kafka_requests import API_VERSIONS, JOIN_GROUP, LEAVE_GROUP, Asked, answer_text, asked, is_flexible
from autograder.tap.link import MESSAGE_BYTES_MAX, Link
from autograder.tap.members import Member
from autograder.tap.request import LONG_POLL, Request

__all__ = ["KafkaConversation"]

I32 = struct.Struct("!i").unpack_from
REQUEST_BYTES_MIN = 10
LOOPBACK = ("localhost", "127.0.0.1", "0.0.0.0", "::1")
MEMBER_ID_REQUIRED = 79
FETCH = 1


class KafkaConversation:
    """One connection with a broker."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.gate = link.gate
        self.gate.overlapping = True
        self._asked: dict[int, Asked] = {}
        """By correlation id: what has been asked and not answered."""
        self._client = bytearray()
        self._server = bytearray()

    def from_client(self, data: bytes) -> None:
        """Cut into requests."""
        self._client += data
        while not self.link.closed and (message := self._next(self._client)) is not None:
            self._request(message)

    def from_server(self, data: bytes) -> None:
        """Cut into answers."""
        self._server += data
        while not self.link.closed and (message := self._next(self._server)) is not None:
            self._answer(message)

    def _next(self, buffer: bytearray) -> bytes | None:
        """The next whole message without its length; what cannot be one ends the link."""
        if len(buffer) < 4:
            return None
        length = I32(buffer)[0]
        if not 0 < length <= MESSAGE_BYTES_MAX:
            buffer.clear()
            self.link.refuse(b"")
            return None
        if len(buffer) < length + 4:
            return None
        message = bytes(buffer[4 : length + 4])
        del buffer[: length + 4]
        return message

    def _request(self, message: bytes) -> None:
        if len(message) < REQUEST_BYTES_MIN:
            self.link.refuse(b"")
            return
        question = asked(message)
        message = widened(question, message)
        if not question.silent:
            self._asked[question.correlation] = question
        self.gate.add(
            Request(
                process=self.link.process,
                backend="kafka",
                link=self.link,
                label=question.label or (LONG_POLL if question.api == FETCH else ""),
                text=question.text,
                data=struct.pack("!i", len(message)) + message,
                kind="write" if question.counted else "control",
                effect=question.counted,
                counted=question.counted,
                silent=question.silent,
            )  # fmt: skip
        )

    def _answer(self, message: bytes) -> None:
        question = self._asked.pop(I32(message)[0], None)
        request = self.gate.answering
        if question is None or request is None:
            self.link.to_client(struct.pack("!i", len(message)) + message)
            return
        flexible = is_flexible(question.api, question.version)
        head = Fields(message, 4, flexible=flexible and question.api != API_VERSIONS)
        head.tags()
        body = message[head.at :]
        try:
            body = rewritten(question, body, self._door)
        except (IndexError, struct.error):
            pass  # an error answer without a body
        self._membership(question, Fields(body, flexible=flexible))
        if request.counted:
            request.answer, request.error = answer_text(question, Fields(body, flexible=flexible))
        self.gate.collect(struct.pack("!i", head.at + len(body)) + message[: head.at] + body)
        self.gate.complete()

    def _door(self, host: str, port: int) -> tuple[str, int]:
        """The door of this process to the broker that calls itself so."""
        if port < 0 or not host:
            return host, port  # "no coordinator yet"
        here, mine = self.link.door, (host, port)
        if mine == here.upstream or (port == here.upstream[1] and host in LOOPBACK and here.upstream[0] in LOOPBACK):
            return "127.0.0.1", here.port
        broker = ("127.0.0.1" if host in LOOPBACK else host, port)
        return "127.0.0.1", self.link.tap.door(here.process, "kafka", broker).port

    def _membership(self, question: Asked, fields: Fields) -> None:
        """Keep track of who is in which group, so that the judge can make a dead member leave."""
        try:
            if question.api == JOIN_GROUP:
                self._joined(question, fields)
        except (IndexError, struct.error):
            pass  # a refusal without a body
        if question.api == LEAVE_GROUP:
            for member_id in question.member_ids:
                self.link.tap.left(self.link.process, question.group, member_id)

    def _joined(self, question: Asked, fields: Fields) -> None:
        if question.version >= 2:
            fields.int32()
        code = fields.int16()
        fields.int32()
        if question.version >= 7:
            fields.string()
        fields.string()
        fields.string()
        if question.version >= 9:
            fields.int8()
        member_id = fields.string()
        if member_id and code in (0, MEMBER_ID_REQUIRED):
            self.link.tap.joined(self.link.process, Member(question.group, member_id))

    def server_ended(self) -> None:
        """Nothing to do: an unfinished answer stays unfinished."""

    @property
    def lingers(self) -> bool:
        """Never: whoever hangs up is done."""
        return False

    def must_see_end(self) -> bool:
        """Only while the broker works on something: its work is then over when the connection is."""
        return any(request.counted and request.forwarded for request in self.gate.under_way)

    def cancel(self) -> bytes:
        """Kafka has no such thing."""
        return b""
