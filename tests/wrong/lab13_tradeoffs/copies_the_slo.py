"""The right decision, with the SLO's numbers for its own."""

from __future__ import annotations


def reads() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "bounded",
        "numbers": {"stale_per_1000": 46, "read_ms": 46},
        "consequences": "Stale by the usual lag at most. Somebody must measure the lag.",
    }
