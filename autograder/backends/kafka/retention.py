"""Retention: what is old or too much goes, a whole segment at a time.

Apache Kafka keeps a Kafka partition in segment files and deletes nothing smaller than one of them. So a topic of few
messages keeps old ones much longer than its settings seem to say: they share a segment with newer ones. Where a
segment ends follows from the messages alone (`segment.bytes`, `segment.ms`), so nothing has to be stored for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.backends.kafka.batch import Batch
from autograder.backends.kafka.partition import Partition

__all__ = ["Limits", "start_by_retention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A topic's settings; negative limits mean no limit."""

    age_ms: int
    size_bytes: int
    segment_bytes: int
    segment_ms: int


def start_by_retention(partition: Partition, limits: Limits, now_ms: int) -> int:
    """The offset at which this Kafka partition may begin now."""
    start, surplus = partition.start, partition.size_bytes - limits.size_bytes
    for segment in _segments(partition.batches, limits):
        size = sum(len(batch.raw) for batch in segment)
        old = 0 <= limits.age_ms < now_ms - max(batch.timestamp_ms_max for batch in segment)
        too_much = limits.size_bytes >= 0 and surplus >= size
        if not (old or too_much) or segment[-1].last >= partition.high_watermark:
            break
        start, surplus = segment[-1].last + 1, surplus - size
    return start


def _segments(batches: Iterable[Batch], limits: Limits) -> Iterator[list[Batch]]:
    segment: list[Batch] = []
    size = 0
    for batch in batches:
        full = size + len(batch.raw) > limits.segment_bytes
        if segment and (full or batch.timestamp_ms_max - segment[0].timestamp_ms_max > limits.segment_ms):
            yield segment
            segment, size = [], 0
        segment.append(batch)
        size += len(batch.raw)
    if segment:
        yield segment
