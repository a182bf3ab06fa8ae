"""Words where numbers belong."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "split",
        "numbers": {"orders_per_s_max": "plenty", "fails_per_1000": "few", "slow_per_1000": "hardly any"},
        "consequences": "Recommendations may die alone. One hop more; the rest still dies together.",
    }
