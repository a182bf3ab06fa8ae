"""Synchronous, with an answer made of work alone."""

from __future__ import annotations


def talk() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "How the warehouse hears of an order",
        "status": "accepted",
        "context": "The warehouse will be away during the sale, and buyers will not wait for it.",
        "decision": "synchronous",
        "numbers": {"fails_per_1000": 38.9, "answer_ms": 63.8, "behind_s": 0},
        "consequences": "Whoever is answered can be sure that the warehouse knows. While it is away nobody can order.",
    }
