"""An eviction: a consumer stands still for so long that its group takes it for dead and gives its work to others."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["EVICT"]

EVICT = KindOfFault(
    word="evict",
    sentences={"": "stood still before {point} reached {backend}, and its group gave its Kafka partitions to another"},
)
