"""One call; what is lost is expected to be answered in the end."""

from __future__ import annotations


def calls() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "title": "How the payment service is called",
        "status": "accepted",
        "context": "On a bad day more payments are slow, and more are never answered.",
        "decision": "one call",
        "numbers": {"fails_per_1000": 0, "slow_per_1000": 42.5, "extra_calls_per_100": 0},
        "consequences": "Nothing is tried again; what is lost fails.",
    }
