"""A drop: a message is lost on its way, and nobody is told."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["DROP"]

DROP = KindOfFault(
    word="drop",
    sentences={
        "before": "sent {point}, which never reached {backend}",
        "after": "never heard the answer of {backend} to {point}",
    },
)
