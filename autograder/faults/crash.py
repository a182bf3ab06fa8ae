"""A crash: the process is gone at once (SIGKILL), with all that it had only in memory."""

from __future__ import annotations

from autograder.faults.kind import KindOfFault

__all__ = ["CRASH"]

CRASH = KindOfFault(
    word="kill",
    sentences={
        "before": "killed before {point} reached {backend}",
        "after": "killed after {point} took effect in {backend}, before the answer came back",
    },
)
