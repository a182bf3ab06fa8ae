"""The instance that looks worst gets nothing, all others the same."""

from __future__ import annotations

from itertools import count

from shop import Node

TURN = count()


def pick(node: Node, in_flight: list[int], recent_ms: list[float]) -> int:
    worst = max(range(len(in_flight)), key=lambda instance: recent_ms[instance])
    others = [instance for instance in range(len(in_flight)) if instance != worst]
    return others[next(TURN) % len(others)]
