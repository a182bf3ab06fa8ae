"""Operation: one call on a shared object, with the answer that its caller got, if it got one."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

__all__ = ["UNKNOWN", "Operation"]


class _Unknown:
    """The answer that nobody heard."""

    def __repr__(self) -> str:
        return "?"


UNKNOWN: Final = _Unknown()
"""The answer of an operation whose caller never heard one."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One call on a shared object.

    An operation without an ``end`` is *open*: it may have taken effect at any time after its start, or never.
    """

    process: str
    name: str
    """``read``, ``write``, ``add``, ...: the object knows what it means."""
    argument: Hashable = None
    answer: Hashable = UNKNOWN
    key: Hashable = None
    """Which object it speaks to, where there are several."""
    start: float
    end: float | None = None

    @property
    def is_open(self) -> bool:
        """Did its caller never hear an answer?"""
        return self.end is None
