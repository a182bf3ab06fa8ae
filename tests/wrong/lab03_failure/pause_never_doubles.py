"""The pause is drawn, and its bound is the same before every retry."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shop import Broken, Node, Refused, Unavailable

FIRST_PAUSE_S, PAUSE_S_MAX = 0.1, 1.0  # the bound of the first pause, and of every pause
TROUBLE = (TimeoutError, Unavailable, Broken, ConnectionError)  # what may be over when you try again


@dataclass
class Budget:
    """What this process may still spend on retries; all its buyers share it."""

    tokens: float = 10.0


BUDGET = Budget()


def pauses(node: Node, retry: int, times: int) -> list[float]:
    """For the check of task 1: the pause before the same retry, drawn many times."""
    return [pause_s(retry) for _ in range(times)]


def pause_s(retry: int) -> float:
    """Draw the seconds to wait before a retry, counted from 1: full jitter under a bound that doubles.

    >>> pause_s(1), pause_s(3)  # anywhere from 0 to 0.1, anywhere from 0 to 0.4
    (0.0731, 0.1172)
    """
    return random.uniform(0, FIRST_PAUSE_S)
