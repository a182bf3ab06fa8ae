"""A pause: the process stands still for a while (a long garbage collection), then goes on as if nothing had been."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["PAUSE"]

PAUSE = KindOfFault(
    word="pause",
    sentences={
        "": "stood still before {point} reached {backend}, while the others went on",
        "after": "stood still after {point} took effect in {backend}, while the others went on",
    },
)
