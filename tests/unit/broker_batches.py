"""Record batches for the tests of the broker's parts."""

from __future__ import annotations

import struct
import zlib

from autograder.backends.kafka.batch import Batch, marker, received

__all__ = ["batch", "end"]


def batch(producer: int = -1, sequence: int = -1, *, epoch: int = 0, count: int = 1, transactional: bool = False,
          size: int = 0, at_ms: int = 1000) -> Batch:
    """A batch of `count` messages as a producer sends it, with `size` bytes of nonsense in place of the messages."""
    tail = struct.pack(">hiqqqhii", 0x10 if transactional else 0, count - 1, at_ms, at_ms, producer, epoch, sequence,
                       count) + bytes(size)
    raw = struct.pack(">qiibI", 0, 9 + len(tail), 0, 2, zlib.crc32(tail)) + tail
    return received(raw, zlib.crc32)


def end(producer: int, *, commit: bool, epoch: int = 0) -> Batch:
    """The marker that ends a producer's transaction."""
    return marker(producer, epoch, commit=commit, now_ms=1000, checksum=zlib.crc32)
