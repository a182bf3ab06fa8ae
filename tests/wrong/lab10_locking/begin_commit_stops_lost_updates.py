"""A transaction is a transaction: BEGIN and COMMIT are thought to stop lost updates at READ COMMITTED."""

from __future__ import annotations

LEVELS = ("read committed", "repeatable read", "serializable")
POSSIBLE = {
    "dirty read": (),
    "non-repeatable read": ("read committed",),
    "phantom": ("read committed",),
    "read skew": ("read committed",),
    "lost update": (),
    "write skew": ("repeatable read",),
}


def anomalies() -> dict[str, str]:
    names = ("dirty read", "non-repeatable read", "phantom", "read skew", "lost update", "write skew")
    return {
        f"{name}, {level}": "possible" if level in POSSIBLE[name] else "impossible"
        for name in names
        for level in LEVELS
    }
