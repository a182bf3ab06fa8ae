"""A kind of fault: what can go wrong, in which variants, and the sentence that tells people that it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["KindOfFault", "Side"]

Side = Literal["", "before", "after"]
"""``before`` the request reaches the backend, ``after`` its effect and before its answer is heard; or neither."""


@dataclass(frozen=True, kw_only=True)
class KindOfFault:
    """One thing that goes wrong."""

    word: str
    """What its names begin with."""
    sentences: Mapping[Side, str] = field(hash=False)
    """One for every side that it has; ``{point}``, ``{backend}``, ``{delay_ms}`` and ``{code}`` are filled in."""
    has_delay: bool = False
    has_code: bool = False

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides that it may strike on."""
        return tuple(self.sentences)
