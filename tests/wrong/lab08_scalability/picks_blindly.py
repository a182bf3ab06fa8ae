"""Any instance, by chance."""

from __future__ import annotations

import random

from shop import Node


def pick(node: Node, in_flight: list[int], recent_ms: list[float]) -> int:
    return random.randrange(len(in_flight))
