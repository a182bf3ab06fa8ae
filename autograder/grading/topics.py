"""The judge's own look at Kafka: one connection, one Fetch, and no consumer group that a learner could notice.

It reads with ``read_committed``, so messages of aborted or unfinished transactions are not there.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from typing import Any

from kafka.protocol.consumer import FetchRequest, FetchResponse
from kafka.record.memory_records import MemoryRecords

from autograder.backends import BackendError
from autograder.backends.broker import PrivateBroker
from autograder.invariants import Message

__all__ = ["LaneTopics"]

FETCH_VERSION = 11
READ_COMMITTED = 1
BYTES_MAX = 8 << 20


class LaneTopics:
    """The topics of one lane's private broker. Usable as a context manager."""

    def __init__(self, broker: PrivateBroker, topics: Mapping[str, int]) -> None:
        self.bootstrap = broker.bootstrap
        self.partitions = dict(topics)
        self._broker = broker
        for name, count in topics.items():
            broker.op("create_topic", name=name, partitions=count)
        host, port = broker.bootstrap.rsplit(":", 1)
        self._link = socket.create_connection((host, int(port)), 5.0)
        self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._correlation = 0

    def __enter__(self) -> LaneTopics:
        return self

    def __exit__(self, *exc: object) -> None:
        self._link.close()

    def reset(self) -> None:
        """Empty every topic; the broker is this lane's alone."""
        self._broker.op("reset")

    def messages(self) -> tuple[Message, ...]:
        """All visible messages, by topic, Kafka partition and offset."""
        found: list[Message] = []
        for topic, count in self.partitions.items():
            offsets = {partition: 0 for partition in range(count)}
            while True:
                read = self._fetch(topic, offsets)
                if not read:
                    break
                for message in read:
                    offsets[message.partition] = max(offsets[message.partition], message.offset + 1)
                found += [message for message in read if message.key != _CONTROL]
        return tuple(sorted(found, key=lambda message: (message.topic, message.partition, message.offset)))

    def _fetch(self, topic: str, offsets: Mapping[int, int]) -> list[Message]:
        response = self._ask(
            FetchRequest(
                version=FETCH_VERSION,
                replica_id=-1,
                max_wait_ms=0,
                min_bytes=0,
                max_bytes=BYTES_MAX,
                isolation_level=READ_COMMITTED,
                session_id=0,
                session_epoch=-1,
                forgotten_topics_data=[],
                rack_id="",
                topics=[_fetch_topic(topic, offsets)],
            ),
            FetchResponse,
            FETCH_VERSION,
        )
        found: list[Message] = []
        for one in response.responses:
            for partition in one.partitions:
                if partition.error_code:
                    raise BackendError(f"Kafka refused to show topic {topic} to the judge (error {partition.error_code}).")
                found += _visible(topic, partition, offsets[partition.partition_index])
        return found

    def _ask(self, request: Any, kind: Any, version: int) -> Any:
        self._correlation += 1
        request.with_header(correlation_id=self._correlation, client_id="judge")
        try:
            self._link.sendall(request.encode(header=True, framed=True))
            (size,) = struct.unpack(">i", _exactly(self._link, 4))
            frame = _exactly(self._link, size)
        except OSError as error:
            raise BackendError(f"The Kafka broker died in the middle of the check ({error}). Check again.") from error
        return kind.decode(frame, version=version, header=True)


_CONTROL = "\0control"


def _fetch_topic(topic: str, offsets: Mapping[int, int]) -> Any:
    topics = FetchRequest.FetchTopic
    return topics(
        version=FETCH_VERSION,
        topic=topic,
        partitions=[
            topics.FetchPartition(
                version=FETCH_VERSION,
                partition=partition,
                current_leader_epoch=-1,
                fetch_offset=offset,
                log_start_offset=-1,
                partition_max_bytes=BYTES_MAX,
            )
            for partition, offset in offsets.items()
        ],
    )


def _visible(topic: str, partition: Any, first: int) -> list[Message]:
    """Messages of a fetched partition; the producers listed as aborted are left out, as every consumer does."""
    aborted = sorted((one.first_offset, one.producer_id) for one in partition.aborted_transactions or ())
    gone: set[int] = set()
    found = []
    for batch in MemoryRecords(bytes(partition.records or b"")):
        while aborted and aborted[0][0] <= batch.base_offset:
            gone.add(aborted.pop(0)[1])
        for record in batch:
            if batch.is_control_batch:
                gone.discard(batch.producer_id)
            if record.offset >= first:
                hidden = batch.is_control_batch or (batch.is_transactional and batch.producer_id in gone)
                found.append(_message(topic, partition.partition_index, record, hidden))
    return found


def _message(topic: str, partition: int, record: Any, hidden: bool) -> Message:
    key = _CONTROL if hidden else _text(record.key)
    return Message(topic=topic, partition=partition, offset=record.offset, key=key, value=_text(record.value) or "")


def _text(data: bytes | None) -> str | None:
    return None if data is None else bytes(data).decode("utf-8", "replace")


def _exactly(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = link.recv(size - len(data))
        if not part:
            raise OSError("it closed the connection")
        data += part
    return data
