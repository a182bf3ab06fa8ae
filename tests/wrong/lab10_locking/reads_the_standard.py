"""The table of the SQL standard, in place of the server: phantoms at REPEATABLE READ."""

from __future__ import annotations

LEVELS = ("read committed", "repeatable read", "serializable")
POSSIBLE = {
    "dirty read": (),
    "non-repeatable read": ("read committed",),
    "phantom": ("read committed", "repeatable read"),
    "read skew": ("read committed",),
    "lost update": ("read committed",),
    "write skew": ("read committed", "repeatable read"),
}


def anomalies() -> dict[str, str]:
    names = ("dirty read", "non-repeatable read", "phantom", "read skew", "lost update", "write skew")
    return {
        f"{name}, {level}": "possible" if level in POSSIBLE[name] else "impossible"
        for name in names
        for level in LEVELS
    }
