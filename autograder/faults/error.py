"""An error: the backend refuses a request that had no effect."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["ERROR"]

ERROR = KindOfFault(
    word="error",
    has_code=True,
    sentences={"": "was refused by {backend} at {point}: {code}"},
)
