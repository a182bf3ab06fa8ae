"""The wire: requests and answers of the Kafka protocol, between bytes and plain Python.

This is the one place that touches kafka-python. Its ``kafka.protocol`` package holds Kafka's own message schemas and
encodes and decodes both directions, but it is no stable public interface, so exactly one version is accepted.
"""

from __future__ import annotations

import importlib
import io
import struct
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

__all__ = ["APIS", "PINNED", "Api", "Record", "Request", "Unreadable", "WrongClient", "answer", "batch_of", "crc32c",
           "parse", "partition_of", "question", "records", "require_pinned", "told", "warm_up", "without_clients"]

PINNED = "3.0.12"


class WrongClient(ImportError):
    """The kafka-python beside us is missing or is not the version whose protocol classes the broker was tested with."""


class Unreadable(ValueError):
    """Bytes that are no request of the Kafka protocol."""


@dataclass(frozen=True)
class Api:
    """One kind of request that the broker answers, with the versions that it offers."""

    name: str
    key: int
    area: str
    """The part of ``kafka.protocol`` that defines it."""
    lowest: int
    highest: int

    def offers(self, version: int) -> bool:
        """Does the broker answer this version?"""
        return self.lowest <= version <= self.highest


APIS: dict[int, Api] = {api.key: api for api in (
    Api("Produce", 0, "producer", 3, 11),
    Api("Fetch", 1, "consumer", 4, 12),
    Api("ListOffsets", 2, "consumer", 1, 7),
    Api("Metadata", 3, "metadata", 0, 12),
    Api("OffsetCommit", 8, "consumer", 2, 8),
    Api("OffsetFetch", 9, "consumer", 1, 8),
    Api("FindCoordinator", 10, "metadata", 0, 4),
    Api("JoinGroup", 11, "consumer", 0, 9),
    Api("Heartbeat", 12, "consumer", 0, 4),
    Api("LeaveGroup", 13, "consumer", 0, 5),
    Api("SyncGroup", 14, "consumer", 0, 5),
    Api("DescribeGroups", 15, "admin", 0, 5),
    Api("ListGroups", 16, "admin", 0, 4),
    Api("ApiVersions", 18, "metadata", 0, 4),
    Api("CreateTopics", 19, "admin", 2, 7),
    Api("DeleteTopics", 20, "admin", 1, 6),
    Api("DeleteRecords", 21, "admin", 0, 2),
    Api("InitProducerId", 22, "producer", 0, 4),
    Api("OffsetForLeaderEpoch", 23, "consumer", 2, 4),
    Api("AddPartitionsToTxn", 24, "producer", 0, 3),
    Api("AddOffsetsToTxn", 25, "producer", 0, 3),
    Api("EndTxn", 26, "producer", 0, 3),
    Api("TxnOffsetCommit", 28, "producer", 0, 3),
    Api("DescribeConfigs", 32, "admin", 1, 4),
    Api("AlterConfigs", 33, "admin", 0, 2),
    Api("CreatePartitions", 37, "admin", 0, 3),
    Api("DeleteGroups", 42, "admin", 0, 2),
    Api("IncrementalAlterConfigs", 44, "admin", 0, 1),
    Api("OffsetDelete", 47, "admin", 0, 0),
    Api("DescribeCluster", 60, "admin", 0, 1),
    Api("DescribeTransactions", 65, "admin", 0, 0),
    Api("ListTransactions", 66, "admin", 0, 0),
)}

_KEYS = {api.name: api.key for api in APIS.values()}
_PREFIX = struct.Struct(">hhi")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was read from a connection."""

    api: Api | None
    """None for a kind of request that the broker does not know."""
    key: int
    version: int
    correlation: int
    client: str
    body: Any
    """The decoded fields; None when the broker does not offer this kind of request in this version."""

    @property
    def offered(self) -> bool:
        """Can the broker answer it?"""
        return self.body is not None


@dataclass(frozen=True, slots=True)
class Record:
    """One message inside a record batch."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def without_clients() -> None:
    """Let this process import ``kafka.protocol`` without the clients that ``import kafka`` brings along.

    Only for the broker's own process, which never makes a client: it saves about 60 ms of start.
    """
    if "kafka" in sys.modules:
        return
    spec = PathFinder.find_spec("kafka")
    if spec is None or spec.submodule_search_locations is None:
        raise WrongClient(f"The embedded Kafka broker needs kafka-python, which is missing. {_REMEDY}")
    package = ModuleType("kafka")
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules["kafka"] = package


_REMEDY = f"Install it with: pip install 'kafka-python[crc32c]=={PINNED}'"


def require_pinned() -> None:
    """Raise WrongClient unless kafka-python is there in the pinned version."""
    try:
        found = importlib.import_module("kafka.version").__version__
    except ImportError as cause:
        raise WrongClient(f"The embedded Kafka broker needs kafka-python, which is missing. {_REMEDY}") from cause
    if found != PINNED:
        raise WrongClient(f"The embedded Kafka broker needs kafka-python {PINNED} and found {found}. {_REMEDY}")


@cache
def _messages(key: int) -> tuple[Any, Any]:
    """The request and response classes of one API."""
    require_pinned()
    api = APIS[key]
    area = importlib.import_module(f"kafka.protocol.{api.area}")
    return getattr(area, f"{api.name}Request"), getattr(area, f"{api.name}Response")


@cache
def _request_header() -> Any:
    return importlib.import_module("kafka.protocol.api_header").RequestHeader


def parse(frame: bytes) -> Request:
    """Read one request from its frame (without the four bytes of length); raises Unreadable."""
    key, version, correlation = _PREFIX.unpack_from(frame)
    api = APIS.get(key)
    if api is None or not api.offers(version):
        return Request(api, key, version, correlation, "", None)
    kind, _ = _messages(key)
    source = io.BytesIO(frame)
    try:
        header = _request_header().decode(source, flexible=kind.flexible_version_q(version))
        body = kind.decode(memoryview(frame)[source.tell():], version=version)
    except (ValueError, IndexError, struct.error) as cause:
        raise Unreadable(f"{api.name} version {version}: {cause}") from cause
    return Request(api, key, version, correlation, header.client_id or "", body)


def answer(api: Api, version: int, correlation: int, body: Mapping[str, Any]) -> bytes:
    """The framed answer to a request, from plain dicts and lists that follow Kafka's schema."""
    _, kind = _messages(api.key)
    message = _build(kind, version, body)
    message.with_header(correlation_id=correlation)
    return message.encode(header=True, framed=True)


def question(name: str, version: int, correlation: int, client: str, body: Mapping[str, Any]) -> bytes:
    """A framed request, from plain dicts and lists that follow Kafka's schema."""
    kind, _ = _messages(_KEYS[name])
    message = _build(kind, version, body)
    message.with_header(correlation_id=correlation, client_id=client)
    return message.encode(header=True, framed=True)


def told(name: str, version: int, frame: bytes) -> Any:
    """The answer to a request, from its frame (without the four bytes of length)."""
    _, kind = _messages(_KEYS[name])
    return kind.decode(frame, version=version, header=True)


def _build(kind: Any, version: int, values: Mapping[str, Any]) -> Any:
    """A message of this version; values that the version has no field for are left out."""
    fields = kind._struct.fields
    built = {}
    for name, value in values.items():
        field = fields[name]
        if not field.for_version_q(version):
            continue
        if value is not None and field.is_struct_array():
            value = [_build(field.data_class, version, item) for item in value]
        elif value is not None and field.is_struct():
            value = _build(field.data_class, version, value)
        built[name] = value
    return kind(version=version, **built)


_FIRST_NEEDED = ("ApiVersions", "Metadata", "InitProducerId", "Produce", "FindCoordinator", "Fetch", "ListOffsets",
                 "JoinGroup", "SyncGroup", "Heartbeat", "OffsetFetch", "OffsetCommit", "LeaveGroup",
                 "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn", "CreateTopics")


def warm_up() -> Iterator[None]:
    """Compile, one step at a time, what the first clients will need.

    kafka-python makes the code for a message at its first use, which takes 1 to 5 ms: better now, in idle moments,
    than inside somebody's request.
    """
    for name in _FIRST_NEEDED:
        api = APIS[_KEYS[name]]
        asked, answered = _messages(api.key)
        yield
        flexible = asked.flexible_version_q(api.highest)
        asked._struct.compiled_decode_from(api.highest, compact=flexible, tagged=flexible, data_class=asked[None])
        flexible = answered.flexible_version_q(api.highest)
        answered._struct.compiled_encode_into(api.highest, compact=flexible, tagged=flexible)
        yield
    crc32c(b"")


def crc32c(data: bytes) -> int:
    """The checksum of a record batch."""
    return _record_code("util").calc_crc32c(data) & 0xFFFFFFFF


def records(raw: bytes) -> Iterator[Record]:
    """The messages inside one stored record batch, decompressed."""
    for batch in _record_code("memory_records").MemoryRecords(raw):
        for record in batch:
            yield Record(record.offset, record.timestamp, record.key, record.value, tuple(record.headers))


def partition_of(key: bytes, partitions: int) -> int:
    """The Kafka partition that a key belongs to: murmur2 modulo their number, as in Kafka's own default partitioner."""
    murmur2 = importlib.import_module("kafka.partitioner.default").murmur2
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def batch_of(records: Iterable[tuple[bytes | None, bytes | None, Iterable[tuple[str, bytes]]]],
             producer: tuple[int, int, int] = (-1, -1, -1)) -> bytes:
    """One batch of records (key, value, headers), timed now; ``producer`` is its id, epoch and sequence number."""
    number, epoch, sequence = producer
    build = _record_code("default_records").DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=0, producer_id=number, producer_epoch=epoch, base_sequence=sequence,
        batch_size=1 << 20)
    now_ms = int(time.time() * 1000)
    for place, (key, value, headers) in enumerate(records):
        build.append(place, now_ms, key, value, list(headers))
    return bytes(build.build())


@cache
def _record_code(name: str) -> Any:
    return importlib.import_module(f"kafka.record.{name}")
