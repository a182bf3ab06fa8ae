"""Clients of one Redis."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import redis

__all__ = ["Connect", "Name", "until"]

Connect = Callable[[], redis.Redis]
Name = Callable[[str], str]


def until(condition: Callable[[], Any], patience_s: float = 10.0) -> Any:
    """Ask until the answer is true; every question is a round trip. Returns the last answer."""
    deadline = monotonic() + patience_s
    while not (answer := condition()) and monotonic() < deadline:
        pass
    return answer
