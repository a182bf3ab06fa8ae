"""One client connection: frames in, answers out, in order.

When the client closes its side, what was read is still carried out, then the broker closes too: whoever waits for that
end of file knows that all effects have happened. Only waiting is cut short, because nobody listens any more.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from autograder.backends.kafka import wire
from autograder.backends.kafka.apis import ANSWERS, Call, Gone
from autograder.backends.kafka.apis.metadata import versions
from autograder.backends.kafka.broker import Broker
from autograder.backends.kafka.codes import Code

__all__ = ["FRAME_BYTES_MAX", "Connection"]

FRAME_BYTES_MAX = 104_857_600
"""Apache Kafka's socket.request.max.bytes."""
_LENGTH = struct.Struct(">i")
_numbers = count(1)


class Connection(asyncio.Protocol):
    """Serves one client at one node."""

    def __init__(self, broker: Broker, node: int, closed: Callable[[Connection], None]) -> None:
        """`closed` is called when the connection is no more."""
        self.number = next(_numbers)
        self._broker = broker
        self._node = node
        self._closed = closed
        self._buffer = bytearray()
        self._frames: deque[bytes] = deque()
        self._gone: asyncio.Future[None] = broker.loop.create_future()
        self._more: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._host = ""
        self._client = ""

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")  # None when the client is gone already.
        self._host = peer[0] if peer else ""
        self._task = self._broker.loop.create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        start, have = 0, len(self._buffer)
        while have - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            if not 8 <= length <= FRAME_BYTES_MAX:
                self._refuse(f"a request of {length} bytes: this is no Kafka client, or it asks for too much")
                self._transport.abort()
                return
            end = start + _LENGTH.size + length
            if end > have:
                break
            self._frames.append(bytes(self._buffer[start + _LENGTH.size:end]))
            start = end
        if start:
            del self._buffer[:start]
            self._wake()

    def eof_received(self) -> bool:
        self._hang_up()
        return True  # The connection stays open until everything that was read is answered.

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._hang_up()
        self._room.set()
        self._closed(self)

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def abort(self) -> None:
        """Cut the connection, as a node that goes down does."""
        self._task.cancel()
        self._transport.abort()

    def _hang_up(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)
        self._wake()

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    # Serving.

    async def _serve(self) -> None:
        try:
            while await self._next_frame():
                frame = self._frames.popleft()
                try:
                    answer = await self._answer(wire.parse(frame))
                except Gone:
                    continue
                except wire.Unreadable as cause:
                    self._refuse(f"a request that cannot be read: {cause}")
                    break
                except Exception:
                    # A mistake of ours: one connection pays for it, and whoever looks at stderr sees where it is.
                    traceback.print_exc()
                    break
                if answer is None:
                    break
                if answer and not self._transport.is_closing():
                    self._transport.write(answer)
                    await self._room.wait()
        finally:
            self._transport.close()
            self._broker.trace.event("disconnect", connection=self.number, client=self._client)

    async def _next_frame(self) -> bool:
        while not self._frames:
            if self._gone.done():
                return False
            self._more = self._broker.loop.create_future()
            await self._more
        return True

    async def _answer(self, request: wire.Request) -> bytes | None:
        """The bytes to send back; empty when the client wants no answer, None to close the connection."""
        if request.api is not None and request.api.name == "ApiVersions":
            self._client = request.client
            return self._versions(request.api, request)
        if request.api is None or not request.offered:
            self._refuse(_unsupported(request))
            return None
        self._client = request.client
        self._broker.counts[request.client, request.api.name] += 1
        if self._broker.breakpoints and await self._broker.breakpoints.pass_by(request, "before") == "drop":
            return None
        call = Call(self._broker, self._node, self._host, request, self._gone)
        answer = ANSWERS[request.api.name](call)
        if not isinstance(answer, dict):
            answer = await answer
        self._broker.trace.request(self.number, self._node, request, answer)
        if self._broker.breakpoints and await self._broker.breakpoints.pass_by(request, "after") == "drop":
            return None
        if request.api.name == "Produce" and request.body.acks == 0:
            # Nobody waits for this answer. As in Apache Kafka a closed connection is the only way to say that it failed.
            return None if _has_failed(answer) else b""
        return wire.answer(request.api, request.version, request.correlation, answer)

    def _versions(self, api: wire.Api, request: wire.Request) -> bytes:
        """A client that is too new is answered in the oldest version, so that it can try again."""
        if request.offered:
            return wire.answer(api, request.version, request.correlation, versions(Code.NONE))
        return wire.answer(api, 0, request.correlation, versions(Code.UNSUPPORTED_VERSION))

    def _refuse(self, sentence: str) -> None:
        sentence = f"refused: {sentence}"
        self._broker.refusals.append(sentence)
        self._broker.trace.event("refused", connection=self.number, client=self._client, sentence=sentence)
        print(sentence, file=sys.stderr, flush=True)


def _has_failed(produced: Mapping[str, Any]) -> bool:
    return any(part["error_code"] for topic in produced["responses"] for part in topic["partition_responses"])


def _unsupported(request: wire.Request) -> str:
    if request.api is None:
        return (f"request kind {request.key} version {request.version}, which the embedded broker does not offer: "
                "use the native or container backends for it")
    api = request.api
    return (f"{api.name} version {request.version}; the embedded broker offers versions {api.lowest} to "
            f"{api.highest}: let the client negotiate (never pass api_version)")
