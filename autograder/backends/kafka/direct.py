"""Direct: plain questions to any Kafka over one connection per node, without a client's threads and caches.

For the judge, which asks little and often: where a topic ends, what was written since, and that a dead member leaves
its group. It works with every backend world, because it only speaks Kafka's protocol.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.backends.kafka import wire
from autograder.backends.kafka.batch import whole
from autograder.backends.kafka.visible import visible

__all__ = ["Address", "Direct", "DirectError", "Message", "Place", "Sent"]

_LENGTH = struct.Struct(">i")
_LATEST = -1
_FETCH_BYTES = 16 << 20
NO_PRODUCER = (-1, -1, -1)

Place = tuple[str, int]
"""A topic and the number of one of its Kafka partitions."""
Address = tuple[str, int]
"""Host and port of a node."""


class DirectError(Exception):
    """Kafka could not be reached or refused; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message in a topic."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message to be sent."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Direct:
    """A conversation with one Kafka cluster; a context manager."""

    def __init__(self, bootstrap: str, *, client: str = "judge", timeout_s: float = 10.0) -> None:
        """`bootstrap` is "host:port"; of several, separated by commas, the first is asked."""
        host, _, port = bootstrap.split(",")[0].rpartition(":")
        self._first = (host, int(port))
        self._client = client
        self._timeout_s = timeout_s
        self._links: dict[Address, socket.socket] = {}
        self._asked = 0

    def __enter__(self) -> Direct:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the conversation."""
        for link in self._links.values():
            link.close()
        self._links.clear()

    def ask(self, api: str, version: int, *, at: tuple[str, int] | None = None, **fields: Any) -> Any:
        """One request and its answer, with the field names of Kafka's schema; raises DirectError."""
        address = at or self._first
        self._asked += 1
        request = wire.question(api, version, self._asked, self._client, fields)
        try:
            link = self._links.get(address) or self._connect(address)
            link.sendall(request)
            (length,) = _LENGTH.unpack(_read(link, _LENGTH.size))
            return wire.told(api, version, _read(link, length))
        except OSError as cause:
            self.close()
            raise DirectError(f"Kafka at {address[0]}:{address[1]} did not answer {api}: {cause}") from cause

    def _connect(self, address: tuple[str, int]) -> socket.socket:
        link = socket.create_connection(address, timeout=self._timeout_s)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._links[address] = link
        return link

    def leaders(self, topic: str) -> dict[int, Address]:
        """The address of every partition's leader, by partition."""
        return {index: address for (_, index), address in self.leaders_of([topic]).items()}

    def leaders_of(self, topics: Iterable[str]) -> dict[Place, Address]:
        """The address of the leader of every Kafka partition of these topics."""
        wanted = [{"name": topic} for topic in topics]
        told = self.ask("Metadata", 7, topics=wanted, allow_auto_topic_creation=False)
        nodes = {broker.node_id: (broker.host, broker.port) for broker in told.brokers}
        led = {}
        for found in told.topics:
            if found.error_code:
                raise DirectError(f"Kafka has no topic {found.name!r} (error {found.error_code}).")
            led |= {(found.name, part.partition_index): nodes[part.leader_id] for part in found.partitions}
        return {place: led[place] for topic in dict.fromkeys(one["name"] for one in wanted)
                for place in sorted(place for place in led if place[0] == topic)}

    def end_offsets(self, topic: str, *, committed: bool = False) -> dict[int, int]:
        """Where readers of a topic are at its end, by partition; with `committed`, readers at read_committed."""
        ends = self.ends_of(self.leaders_of([topic]), committed=committed)
        return {index: end for (_, index), end in ends.items()}

    def ends_of(self, leaders: Mapping[Place, Address], *, committed: bool = False) -> dict[Place, int]:
        """The same for many Kafka partitions, one question to each node: the judge asks after every story."""
        ends = {}
        for address, places in _by_node(leaders).items():
            told = self.ask("ListOffsets", 2, at=address, replica_id=-1, isolation_level=int(committed), topics=[
                {"name": topic, "partitions": [{"partition_index": index, "timestamp": _LATEST} for index in indexes]}
                for topic, indexes in _by_topic(places).items()])
            for topic in told.topics:
                for part in topic.partitions:
                    _check(part.error_code, f"the end of {topic.name}[{part.partition_index}]")
                    ends[topic.name, part.partition_index] = part.offset
        return {place: ends[place] for place in leaders}

    def messages(self, topic: str, since: Mapping[int, int] | None = None, *, committed: bool = False
                 ) -> list[Message]:
        """Everything readable from the offsets `since` on (by partition; default 0) to the end of now."""
        starts = {(topic, index): offset for index, offset in (since or {}).items()}
        found = self.messages_of(self.leaders_of([topic]), starts, committed=committed)
        return [message for messages in found.values() for message in messages]

    def messages_of(self, leaders: Mapping[Place, Address], since: Mapping[Place, int] | None = None, *,
                    committed: bool = False) -> dict[Place, list[Message]]:
        """The same for many Kafka partitions, one question to each node where that holds all there is."""
        found: dict[Place, list[Message]] = {place: [] for place in leaders}
        starts = {place: (since or {}).get(place, 0) for place in leaders}
        ends: dict[Place, int] = {}
        while starts:
            before = dict(starts)
            for address, places in _by_node({place: leaders[place] for place in starts}).items():
                for place, part in self._fetched(address, {place: starts[place] for place in places}, committed):
                    end = ends.setdefault(place, part.last_stable_offset if committed else part.high_watermark)
                    starts[place] = _take(found[place], place, part, starts[place], end)
            starts = {place: start for place, start in starts.items() if start < ends[place]}
            if starts and all(start == before[place] for place, start in starts.items()):
                topic, index = next(iter(starts))
                start, end = starts[topic, index], ends[topic, index]
                raise DirectError(f"Kafka gave nothing of {topic}[{index}] from offset {start} to {end}.")
        return found

    def _fetched(self, address: Address, starts: Mapping[Place, int], committed: bool) -> Iterator[tuple[Place, Any]]:
        told = self.ask("Fetch", 4, at=address, replica_id=-1, max_wait_ms=0, min_bytes=0,
                        max_bytes=_FETCH_BYTES, isolation_level=int(committed), topics=[
                            {"topic": topic, "partitions": [{"partition": index, "fetch_offset": starts[topic, index],
                                                             "partition_max_bytes": _FETCH_BYTES}
                                                            for index in indexes]}
                            for topic, indexes in _by_topic(starts).items()])
        for response in told.responses:
            for part in response.partitions:
                place = response.topic, part.partition_index
                _check(part.error_code, f"the messages of {place[0]}[{place[1]}] from offset {starts[place]}")
                yield place, part

    def send(self, topic: str, partition: int, records: Sequence[Sent], *, acks: int = -1,
             timeout_ms: int = 10_000, producer: tuple[int, int, int] = NO_PRODUCER) -> int:
        """Append messages to a Kafka partition, as one batch; the offset of the first. Raises DirectError.

        With ``producer`` (its id, epoch and the batch's first sequence number) the leader recognises a repeat.
        """
        batch = wire.batch_of([(one.key, one.value, one.headers) for one in records], producer)
        told = self.ask("Produce", 8, at=self.leaders(topic)[partition], transactional_id=None, acks=acks,
                        timeout_ms=timeout_ms, topic_data=[
                            {"name": topic, "partition_data": [{"index": partition, "records": batch}]}])
        done = told.responses[0].partition_responses[0]
        _check(done.error_code, f"messages for {topic}[{partition}]")
        return int(done.base_offset)

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """The offsets that a group has committed, by topic and Kafka partition."""
        found = self.ask("FindCoordinator", 1, key=group, key_type=0)
        _check(found.error_code, f"the coordinator of {group}")
        told = self.ask("OffsetFetch", 5, at=(found.host, found.port), group_id=group, topics=None)
        _check(told.error_code, f"the offsets of {group}")
        return {(topic.name, part.partition_index): part.committed_offset
                for topic in told.topics for part in topic.partitions if part.committed_offset >= 0}

    def leave(self, group: str, member: str) -> bool:
        """A member is dead: the group need not wait for its session timeout. False when it was no member."""
        found = self.ask("FindCoordinator", 1, key=group, key_type=0)
        _check(found.error_code, f"the coordinator of {group}")
        told = self.ask("LeaveGroup", 1, at=(found.host, found.port), group_id=group, member_id=member)
        return not told.error_code


def _take(found: list[Message], place: Place, part: Any, start: int, end: int) -> int:
    """Add what one answer holds of a Kafka partition; where to go on."""
    batches = list(whole(bytes(part.records or b"")))
    if not batches:
        return start  # an answer has room for so much, and other Kafka partitions have filled it
    aborted = [(one.producer_id, one.first_offset) for one in part.aborted_transactions or ()]
    found += [Message(place[1], record.offset, record.timestamp_ms, record.key, record.value, record.headers)
              for record in visible(batches, aborted, start, end)]
    return batches[-1].last + 1


def _by_node(leaders: Mapping[Place, Address]) -> dict[Address, list[Place]]:
    nodes: dict[Address, list[Place]] = {}
    for place, address in leaders.items():
        nodes.setdefault(address, []).append(place)
    return nodes


def _by_topic(places: Iterable[Place]) -> dict[str, list[int]]:
    topics: dict[str, list[int]] = {}
    for topic, index in places:
        topics.setdefault(topic, []).append(index)
    return topics


def _check(code: int, what: str) -> None:
    if code:
        raise DirectError(f"Kafka refused {what}: error {code}.")


def _read(link: socket.socket, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = link.recv(size)
        if not part:
            raise ConnectionError("it closed the connection")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
