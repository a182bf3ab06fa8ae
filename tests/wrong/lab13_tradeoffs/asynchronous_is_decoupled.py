"""An event for the warehouse, which is said to be behind for as long as it is away."""

from __future__ import annotations


def talk() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "How the warehouse hears of an order",
        "status": "accepted",
        "context": "The warehouse will be away during the sale, and buyers will not wait for it.",
        "decision": "asynchronous",
        "numbers": {"fails_per_1000": 0, "answer_ms": 54, "behind_s": 70},
        "consequences": "Everybody can order. The warehouse is behind for minutes, and somebody must watch how far.",
    }
