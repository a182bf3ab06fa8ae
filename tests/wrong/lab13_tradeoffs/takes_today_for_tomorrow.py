"""One patient retry, with the numbers of today's chart."""

from __future__ import annotations


def calls() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "How the payment service is called",
        "status": "accepted",
        "context": "On a bad day more payments are slow, and more are never answered.",
        "decision": "patient retry",
        "numbers": {"fails_per_1000": 0.1, "slow_per_1000": 45.9, "extra_calls_per_100": 1},
        "consequences": "Hardly anything fails. Whoever meets a lost attempt waits for seconds.",
    }
