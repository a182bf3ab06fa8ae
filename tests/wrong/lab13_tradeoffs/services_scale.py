"""Services, because services scale; the limit is worked out as if all cores were one pool."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "david-parnas-5420",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "services",
        "numbers": {"orders_per_s_max": 248, "fails_per_1000": 0.427, "slow_per_1000": 1},
        "consequences": "Each part starts again alone. Every order pays for three hops.",
    }
