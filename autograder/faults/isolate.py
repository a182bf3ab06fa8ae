"""An isolation: a process and a backend cannot reach each other for a while (a network partition)."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["ISOLATE"]

ISOLATE = KindOfFault(
    word="isolate",
    has_delay=True,
    sentences={"": "could not reach {backend} for {delay_ms} ms, from {point} on"},
)
