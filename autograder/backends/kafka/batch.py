"""A record batch: the unit in which producers send, the log stores and consumers fetch (format version 2)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from autograder.backends.kafka.codes import Code, Refused

__all__ = ["HEADER_BYTES", "Batch", "marker", "received", "whole"]

_HEADER = struct.Struct(">qiibIhiqqqhii")
HEADER_BYTES = _HEADER.size
_PREFIX = struct.Struct(">qii")
"""Base offset, length and leader epoch: what the broker writes anew; the checksum does not cover them."""
_LENGTH_STARTS_AFTER = 12
_MAGIC, _MAGIC_AT = 2, 16
_CHECKSUM = struct.Struct(">I")
_CHECKED_FROM = 21
"""The checksum covers everything from the attributes on."""
_COUNT = struct.Struct(">i")
"""How many records there are: the header's last field."""
_TRANSACTIONAL, _CONTROL = 0x10, 0x20
_SEQUENCE_MASK = 0x7FFFFFFF
_COMMIT, _ABORT = 1, 0


@dataclass(frozen=True, slots=True)
class Batch:
    """One record batch and what its header says."""

    raw: bytes
    base: int
    """Offset of its first message."""
    last: int
    """Offset of its last message."""
    timestamp_ms_max: int
    producer: int
    """The producer id, or -1 for a producer that is not idempotent."""
    epoch: int
    sequence: int
    transactional: bool
    control: bool
    """A marker that ends a transaction, written by the broker."""

    @property
    def sequence_last(self) -> int:
        """The sequence number of its last message."""
        return (self.sequence + self.last - self.base) & _SEQUENCE_MASK

    @property
    def aborts(self) -> bool:
        """Is this the marker of an aborted transaction?"""
        return self.control and self.raw[HEADER_BYTES + 8] == _ABORT

    def at(self, base: int, leader_epoch: int) -> Batch:
        """The same batch at its place in a log."""
        prefix = _PREFIX.pack(base, len(self.raw) - _LENGTH_STARTS_AFTER, leader_epoch)
        return replace(self, raw=prefix + self.raw[_PREFIX.size:], base=base, last=base + self.last - self.base)


def received(data: bytes | memoryview, checksum: Callable[[bytes], int]) -> Batch:
    """The one batch of a produce request; Refused for whatever Apache Kafka does not store either."""
    batch = _read(data, 0) if len(data) > _MAGIC_AT and data[_MAGIC_AT] == _MAGIC else None
    if batch is None or len(batch.raw) < len(data):
        raise Refused(Code.INVALID_RECORD, "Produce requests must have exactly one whole record batch of version 2")
    (stored,) = _CHECKSUM.unpack_from(batch.raw, _MAGIC_AT + 1)
    if stored != checksum(batch.raw[_CHECKED_FROM:]):
        raise Refused(Code.CORRUPT_MESSAGE, "the record batch was damaged on its way: its checksum is wrong")
    (count,) = _COUNT.unpack_from(batch.raw, HEADER_BYTES - _COUNT.size)
    if batch.base != 0 or count != batch.last + 1 or count < 1:
        raise Refused(Code.INVALID_RECORD, f"a batch of {count} records that says it has offsets {batch.base} to "
                      f"{batch.last}")
    if batch.control:
        raise Refused(Code.INVALID_RECORD, "clients cannot write the markers of transactions")
    if batch.producer >= 0 and batch.sequence < 0:
        raise Refused(Code.INVALID_RECORD, f"Invalid sequence number {batch.sequence} in record batch")
    return batch


def whole(data: bytes) -> Iterator[Batch]:
    """The batches of a log file up to the first that is not whole: what a crash left behind it is not read."""
    position = 0
    while (batch := _read(data, position)) is not None:
        yield batch
        position += len(batch.raw)


def _read(data: bytes | memoryview, position: int) -> Batch | None:
    if position + HEADER_BYTES > len(data):
        return None
    (base, length, _, magic, _, attributes, delta, _, newest, producer, epoch, sequence, _
     ) = _HEADER.unpack_from(data, position)
    if magic != _MAGIC:
        raise Refused(Code.UNSUPPORTED_FOR_MESSAGE_FORMAT, f"record batches of version {magic} are too old")
    end = position + _LENGTH_STARTS_AFTER + length
    if length < HEADER_BYTES - _LENGTH_STARTS_AFTER or end > len(data):
        return None
    return Batch(bytes(data[position:end]), base, base + delta, newest, producer, epoch, sequence,
                 bool(attributes & _TRANSACTIONAL), bool(attributes & _CONTROL))


def marker(producer: int, epoch: int, *, commit: bool, now_ms: int, checksum: Callable[[bytes], int]) -> Batch:
    """The control batch that ends a producer's transaction in one Kafka partition."""
    key = struct.pack(">hh", 0, _COMMIT if commit else _ABORT)
    value = bytes(6)
    # A record: attributes, timestamp delta, offset delta, key length, key, value length, value, number of headers;
    # the lengths are zigzag numbers, so a length of 4 is the byte 8.
    record = bytes([0, 0, 0, len(key) << 1]) + key + bytes([len(value) << 1]) + value + bytes([0])
    record = bytes([len(record) << 1]) + record
    tail = struct.pack(">hiqqqhii", _TRANSACTIONAL | _CONTROL, 0, now_ms, now_ms, producer, epoch, -1, 1) + record
    length = HEADER_BYTES - _LENGTH_STARTS_AFTER + len(record)
    raw = struct.pack(">qiibI", 0, length, 0, 2, checksum(tail)) + tail
    built = _read(raw, 0)
    assert built is not None
    return built
