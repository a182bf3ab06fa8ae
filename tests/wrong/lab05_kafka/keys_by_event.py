"""Every event has a key of its own, so the load is even and nothing is in order."""

from __future__ import annotations


def layout() -> dict[str, object]:
    return {"key": "event", "partitions": 16}
