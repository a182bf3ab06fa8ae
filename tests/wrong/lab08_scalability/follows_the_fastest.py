"""Whoever has answered fastest of late gets the request."""

from __future__ import annotations

from shop import Node


def pick(node: Node, in_flight: list[int], recent_ms: list[float]) -> int:
    return min(range(len(in_flight)), key=lambda instance: recent_ms[instance])
