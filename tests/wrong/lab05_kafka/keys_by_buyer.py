"""The buyer is the key; one hotel buys a fifth of everything."""

from __future__ import annotations


def layout() -> dict[str, object]:
    return {"key": "buyer", "partitions": 16}
