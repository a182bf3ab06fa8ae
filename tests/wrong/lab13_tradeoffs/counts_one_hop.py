"""Services, with the slow hops of one hop."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "services",
        "numbers": {"orders_per_s_max": 178, "fails_per_1000": 0.726, "slow_per_1000": 5},
        "consequences": "Each part starts again alone. Every order pays for three hops.",
    }
