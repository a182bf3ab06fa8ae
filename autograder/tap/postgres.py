"""The Postgres conversation: simple and extended queries, pipelines, COPY, cancel requests, prepared statements.

A request is a simple Query, or an Execute with what leads to it. Of a pipeline with several Executes every one is a
request: all but the last are sent with a Flush of ours, so that each has its answer before the next is offered, and the
Sync that ends the implicit transaction travels with the last. A Parse that goes ahead by itself (automatic preparation)
is held *as* the request that it prepares, because under REPEATABLE READ parsing already takes the snapshot.

Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol".
"""

from __future__ import annotations

import struct

from autograder.tap.kept import EMPTY_IT, Session
from autograder.tap.link import MESSAGE_BYTES_MAX, Link
from autograder.tap.postgres_answer import Answer
from autograder.tap.postgres_unit import Unit
from autograder.tap.request import Request

__all__ = ["PostgresConversation"]

SSL, GSS, CANCEL = 80877103, 80877104, 80877102
U32 = struct.Struct("!I").unpack_from
READY, KEY = ord("Z"), ord("K")
ERROR, DESCRIPTION, ROW, COMPLETE = ord("E"), ord("T"), ord("D"), ord("C")
COPY_IN = b"GW"
GOOD_BYE = ord("X")
ONE_REPLY_EACH = b"123nTCIs"
ASYNCHRONOUS = b"NSA"
COPY_DATA, COPY_ENDS = ord("d"), b"cf"
TRANSACTION = {ord("I"): "idle", ord("T"): "open", ord("E"): "failed"}


class PostgresConversation:
    """One session with Postgres."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.gate = link.gate
        self.gate.before = self._before
        self.unit = Unit()
        self.started = False
        self.ready = False
        """The session is past its handshake."""
        self.skipping = False
        """An error in a pipeline: the server ignores everything up to the next Sync, and so do we."""
        self.copying = False
        self.owes_sync = False
        self.answer = Answer()
        self._owed = 0
        """So many answers are to come until the session, whose client has said good-bye, is empty for the next."""
        self._client = bytearray()
        self._server = bytearray()
        self._key = b""
        self._opening = b""
        self._hello = b""

    # From the client.

    def from_client(self, data: bytes) -> None:
        """Cut into messages; every whole message is dealt with at once."""
        self._client += data
        while not self.link.closed and (message := self._next_message()) is not None:
            if not self.started:
                self._startup(message)
            elif not self.ready:
                self._opening += message  # passwords
                self.link.to_server(message)
            else:
                self._message(message)

    def _next_message(self) -> bytes | None:
        first = 1 if self.started else 0  # the startup packet has no type byte
        if len(self._client) < first + 4:
            return None
        length = U32(self._client, first)[0] + first
        if length > MESSAGE_BYTES_MAX or length < first + 4:
            self._refuse("08P01", "that is not the protocol of Postgres, or a message above 64 MB")
            return None
        if len(self._client) < length:
            return None
        message = bytes(self._client[:length])
        del self._client[:length]
        return message

    def _startup(self, message: bytes) -> None:
        code = U32(message, 4)[0] if len(message) >= 8 else 0
        if code in (SSL, GSS):
            self.link.to_client(b"N")  # there is nothing to encrypt on a loopback
            return
        if code == CANCEL:
            self.link.to_server(message)
            return
        words = message[8:].split(b"\0")
        asked = dict(zip(words[::2], words[1::2], strict=False))
        user = asked.get(b"user", b"").decode("utf-8", "replace")
        allowed = self.link.door.user
        if allowed is not None and user != allowed:
            self._refuse("28000", f'this address is for the user "{allowed}"; connect as "{allowed}", not as "{user}"')
            return
        self.started = True
        self._opening = message
        session = self.link.tap.kept.take(self.link.door, message)
        if session is None:
            self.link.to_server(message)
            return
        self.link.take_over(session.wire)
        self.link.backend_pid, self._key, self._hello = session.backend_pid, session.key, session.hello
        self.ready = True
        self.link.to_client(session.hello)

    def _refuse(self, code: str, message: str) -> None:
        fields = b"".join(part.encode() + b"\0" for part in ("SFATAL", "VFATAL", f"C{code}", f"M{message}")) + b"\0"
        self.link.refuse(b"E" + struct.pack("!I", len(fields) + 4) + fields)

    def _message(self, message: bytes) -> None:
        kind = message[0]
        if self.copying:
            self._copy(kind, message)
        elif kind == COPY_DATA or kind in COPY_ENDS:
            pass  # the rest of a COPY that failed: the server would ignore it
        elif self.owes_sync and kind == ord("S"):
            self.owes_sync = False
            self.link.to_server(message)
        elif kind == GOOD_BYE and self._may_be_kept():
            words = EMPTY_IT if self.unit.in_block else EMPTY_IT[1:]
            self._owed = len(words)
            self.link.to_server(b"".join(words))
        else:
            self._take(kind, message)

    def _may_be_kept(self) -> bool:
        at_rest = self.gate.empty and self.gate.half is None and self.unit.empty and not self._client and not self._server
        return self.link.tap.kept.on and at_rest and bool(self._hello) and not (self.skipping or self.owes_sync)

    def _take(self, kind: int, message: bytes) -> None:
        try:
            requests = [cut.request(self.link) for cut in self.unit.take(kind, message)]
        except (ValueError, IndexError, struct.error):
            self._refuse("08P01", "that message is not one of Postgres's")
            return
        for request in requests:
            self.gate.add(request)

    def _copy(self, kind: int, message: bytes) -> None:
        """While rows are copied in, everything goes straight through; a Sync is ignored by the server until the end."""
        if kind == COPY_DATA:
            self.link.to_server(message)
        elif kind in COPY_ENDS:
            self.copying = False
            self.owes_sync = self.answer.extended
            self.link.to_server(message)

    # At the gate.

    def _before(self, request: Request) -> bool:
        """Skip what the server will skip, and join an Execute with the Parse that went ahead."""
        if self.skipping:
            self._skip(request)
            return True
        if self.gate.half is not None:
            return self._join(request)
        self.answer = Answer.to(request)
        return False

    def _skip(self, request: Request) -> None:
        """After an error the server answers nothing until the Sync."""
        request.counted = False
        synchronises = request.data[-5:-4] == b"S"
        request.silent = not synchronises
        self.answer = Answer.to(request)
        self.gate.under_way.append(request)
        self.gate.forward(request)

    def _join(self, request: Request) -> bool:
        half, self.gate.half = self.gate.half, None
        self.gate.under_way.append(half)
        if request.executes and request.counted and request.label == half.label:
            half.data, half.text, half.label = request.data, request.text, request.label
            half.kind, half.effect = request.kind, request.effect
            half.preparing = False
            self.answer = Answer.to(half)
            self.gate.forward(half)
        else:
            self.gate.put_back(request)
            self.gate.complete()
        return True

    # From the server.

    def from_server(self, data: bytes) -> None:
        """Follow the messages; what belongs to nobody goes straight to the client."""
        buffer = self._server
        buffer += data
        at = done = 0  # done: up to here the bytes have been passed on or collected
        while len(buffer) - at >= 5:
            length = U32(buffer, at + 1)[0] + 1
            if len(buffer) - at < length:
                break
            kind = buffer[at]
            end = at + length
            if self._owed:
                self._is_emptied(kind)
                if self.link.closed:
                    return
                at = done = end
                continue
            request = self.gate.answering
            if request is None:
                self._note(kind, buffer, at, end)
            elif self._reply(request, kind, buffer, at, end):
                self.gate.collect(bytes(buffer[done:end]))
                done = end
                self._finished(request)
                if self.link.closed:
                    return
            at = end
        self._pass_on(bytes(buffer[done:at]))
        del buffer[:at]

    def _pass_on(self, data: bytes) -> None:
        if not data:
            return
        if self.gate.answering is None or self.copying:
            if self.gate.answering is not None and self.gate.answering.reply:
                self.link.to_client(self.gate.answering.reply)
                self.gate.answering.reply = b""
            self.link.to_client(data)
        else:
            self.gate.collect(data)
            self.link.spill()

    def _note(self, kind: int, buffer: bytearray, at: int, end: int) -> None:
        """Messages outside of any request: the handshake, notices, notifications."""
        if not self.ready:
            self._hello += buffer[at:end]
        if kind == READY:
            self.ready = True
        elif kind == KEY:
            self.link.backend_pid = U32(buffer, at + 5)[0]
            self._key = bytes(buffer[at + 5 : end])

    def _reply(self, request: Request, kind: int, buffer: bytearray, at: int, end: int) -> bool:
        """Take one message of the answer in; True when it was the last."""
        answer = self.answer
        if kind == ROW:
            answer.row(buffer, at, end)
        elif kind == READY:
            request.transaction = TRANSACTION.get(buffer[at + 5], "idle")
            self.skipping = self.copying = False
            if not self.gate.waiting:
                self.unit.in_block = request.transaction != "idle"
            return True
        elif kind in ASYNCHRONOUS:
            return False
        elif kind == ERROR:
            answer.failed(bytes(buffer[at + 5 : end]))
            self.skipping = answer.extended
            self.owes_sync = self.copying and answer.extended  # the first Sync was swallowed by the COPY
            self.copying = False
            return answer.owed > 0 and not answer.synchronises
        elif kind in COPY_IN:
            self.copying = True
        else:
            answer.message(kind, bytes(buffer[at + 5 : end]))
        if kind in ONE_REPLY_EACH and not answer.synchronises:
            answer.owed -= 1
            return answer.owed == 0
        return False

    def _finished(self, request: Request) -> None:
        """The last message of an answer has come."""
        if not self.answer.synchronises:
            request.transaction = "failed" if self.answer.error else "open"
        self.answer.tell(request)
        if request.preparing and not request.error:
            self.gate.half = request
            self.gate.under_way.popleft()
            self.link.to_client(request.reply)
            request.reply = b""
            self.gate.pump()
        else:
            self.gate.complete()
            self.gate.pump()

    def _is_emptied(self, kind: int) -> None:
        """The session goes to whoever comes next, or, where it cannot be emptied, to nobody."""
        if kind == ERROR:
            self.link.cut()
        elif kind == READY:
            self._owed -= 1
            if not self._owed:
                session = Session(self.link.give_up_server(), self._hello, self._key, self.link.backend_pid)
                self.link.tap.kept.put(self.link.door, self._opening, session)
                self.link.tap.close_link(self.link)

    def server_ended(self) -> None:
        """Nothing to do: an unfinished answer stays unfinished."""

    @property
    def lingers(self) -> bool:
        """Is the session being emptied for the next client?"""
        return self._owed > 0

    def must_see_end(self) -> bool:
        """A session's end rolls its transaction back."""
        return True

    def cancel(self) -> bytes:
        """The CancelRequest for this session."""
        return struct.pack("!II", 8 + len(self._key), CANCEL) + self._key if self._key else b""
