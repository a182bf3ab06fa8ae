"""A park: a request stays on its way while the program goes on; then the process dies, and it never arrives."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["PARK"]

PARK = KindOfFault(
    word="park",
    sentences={"": "went on while {point} was still on its way to {backend}, and was killed before it arrived"},
)
