"""One process; the bugs of the recommendations are forgotten, since no order needs them."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "monolith",
        "numbers": {"orders_per_s_max": 250, "fails_per_1000": 0.0835, "slow_per_1000": 0},
        "consequences": "Every bug takes the whole checkout away. Nobody pays for a hop.",
    }
