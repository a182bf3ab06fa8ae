"""One patient retry, which is thought to cost nobody anything."""

from __future__ import annotations


def calls() -> dict:
    return {
        "scenario": "barbara-liskov-f5d4",
        "title": "How the payment service is called",
        "status": "accepted",
        "context": "On a bad day more payments are slow, and more are never answered.",
        "decision": "patient retry",
        "numbers": {"fails_per_1000": 1.94, "slow_per_1000": 108, "extra_calls_per_100": 0},
        "consequences": "Hardly anything fails. Whoever meets a lost attempt waits for seconds.",
    }
