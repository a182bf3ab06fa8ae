"""A cut: the process lives, but its connection dies, and it cannot know what became of its request."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["CUT"]

CUT = KindOfFault(
    word="cut",
    sentences={
        "before": "lost its connection before {point} reached {backend}",
        "after": "lost its connection after {point} took effect in {backend}, before the answer came back",
    },
)
