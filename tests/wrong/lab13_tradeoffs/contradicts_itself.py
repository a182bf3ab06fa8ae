"""Synchronous, with the right number of failures, which the SLO does not allow."""

from __future__ import annotations


def talk() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "title": "How the warehouse hears of an order",
        "status": "accepted",
        "context": "The warehouse will be away during the sale, and buyers will not wait for it.",
        "decision": "synchronous",
        "numbers": {"fails_per_1000": 33.3, "answer_ms": 95, "behind_s": 0},
        "consequences": "Whoever is answered can be sure that the warehouse knows. While it is away nobody can order.",
    }
