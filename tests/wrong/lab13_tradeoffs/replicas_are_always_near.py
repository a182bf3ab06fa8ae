"""The nearest replica, with the usual lag alone."""

from __future__ import annotations


def reads() -> dict:
    return {
        "scenario": "mary-shaw-45f9",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "nearest",
        "numbers": {"stale_per_1000": 78, "read_ms": 10.8},
        "consequences": "Quick. Now and then somebody sees a lamp that is sold.",
    }
