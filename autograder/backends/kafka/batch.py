"""A record batch: the unit in which producers send, the log stores and consumers fetch (format version 2)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from autograder.backends.kafka.codes import Code, Refused

__all__ = ["HEADER_BYTES", "Batch", "marker", "split", "whole"]

_HEADER = struct.Struct(">qiibIhiqqqhii")
HEADER_BYTES = _HEADER.size
_PREFIX = struct.Struct(">qii")
"""Base offset, length and leader epoch: what the broker writes anew; the checksum does not cover them."""
_LENGTH_STARTS_AFTER = 12
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


def split(data: bytes | memoryview) -> Iterator[Batch]:
    """The batches of a produce request; raises Refused for anything but whole batches of version 2."""
    if not data:
        raise Refused(Code.CORRUPT_MESSAGE, "the request holds no record batch")
    position = 0
    while position < len(data):
        batch = _read(data, position)
        if batch is None:
            raise Refused(Code.CORRUPT_MESSAGE, "the record batch is cut off")
        yield batch
        position += len(batch.raw)


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
    if magic != 2:
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
