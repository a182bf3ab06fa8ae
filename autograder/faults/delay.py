"""A delay: a request, or its answer, takes long."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["DELAY"]

DELAY = KindOfFault(
    word="delay",
    has_delay=True,
    sentences={
        "before": "waited {delay_ms} ms until {point} reached {backend}",
        "after": "waited {delay_ms} ms for the answer of {backend} to {point}",
    },
)
