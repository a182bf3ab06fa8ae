"""A duplicate: the same message arrives twice."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["DUPLICATE"]

DUPLICATE = KindOfFault(
    word="duplicate",
    sentences={"": "sent {point} once, and {backend} got it twice"},
)
