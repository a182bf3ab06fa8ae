"""acks=all is taken for all three replicas."""

from __future__ import annotations


def losses() -> dict[str, str]:
    return {"A": "m4 m5", "B": "none", "C": "none", "D": "none", "E": "m4 m5", "F": "none", "G": "1", "H": "2"}
