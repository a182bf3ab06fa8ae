"""REPEATABLE READ is taken for serializable: nothing is possible there."""

from __future__ import annotations

LEVELS = ("read committed", "repeatable read", "serializable")
POSSIBLE = {
    "dirty read": (),
    "non-repeatable read": ("read committed",),
    "phantom": ("read committed",),
    "read skew": ("read committed",),
    "lost update": ("read committed",),
    "write skew": ("read committed",),
}


def anomalies() -> dict[str, str]:
    names = ("dirty read", "non-repeatable read", "phantom", "read skew", "lost update", "write skew")
    return {
        f"{name}, {level}": "possible" if level in POSSIBLE[name] else "impossible"
        for name in names
        for level in LEVELS
    }
