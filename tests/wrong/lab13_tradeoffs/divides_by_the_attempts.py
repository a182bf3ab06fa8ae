"""Two attempts are thought to halve the failures."""

from __future__ import annotations


def calls() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "title": "How the payment service is called",
        "status": "accepted",
        "context": "On a bad day more payments are slow, and more are never answered.",
        "decision": "hedge",
        "numbers": {"fails_per_1000": 20, "slow_per_1000": 5.21, "extra_calls_per_100": 8.25},
        "consequences": "Quick and reliable. The provider gets more calls on the very day on which it is ill.",
    }
