"""The nearest replica, with the usual lag alone."""

from __future__ import annotations


def reads() -> dict:
    return {
        "scenario": "katherine-johnson-7ba5",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "nearest",
        "numbers": {"stale_per_1000": 29.3, "read_ms": 17.8},
        "consequences": "Quick. Now and then somebody sees a lamp that is sold.",
    }
