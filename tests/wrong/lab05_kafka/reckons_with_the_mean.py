"""Twelve Kafka partitions carry the doubled load if all get the same."""

from __future__ import annotations


def layout() -> dict[str, object]:
    return {"key": "purchase", "partitions": 12}
