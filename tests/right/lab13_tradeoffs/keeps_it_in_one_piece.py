"""Decisions that keep things together: one process, an answer that waits for the warehouse, a near replica, a patient retry."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "edsger-dijkstra-76c5",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "monolith",
        "numbers": {"orders_per_s_max": 211, "fails_per_1000": 15.6, "slow_per_1000": 0},
        "consequences": "Every bug takes the whole checkout away. Nobody pays for a hop.",
    }


def talk() -> dict:
    return {
        "scenario": "edsger-dijkstra-76c5",
        "title": "How the warehouse hears of an order",
        "status": "accepted",
        "context": "The warehouse will be away during the sale, and buyers will not wait for it.",
        "decision": "synchronous",
        "numbers": {"fails_per_1000": 38.9, "answer_ms": 150, "behind_s": 0},
        "consequences": "Whoever is answered can be sure that the warehouse knows. While it is away nobody can order.",
    }


def reads() -> dict:
    return {
        "scenario": "edsger-dijkstra-76c5",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "nearest",
        "numbers": {"stale_per_1000": 47.2, "read_ms": 24.7},
        "consequences": "Quick. Now and then somebody sees a lamp that is sold.",
    }


def calls() -> dict:
    return {
        "scenario": "edsger-dijkstra-76c5",
        "title": "How the payment service is called",
        "status": "accepted",
        "context": "On a bad day more payments are slow, and more are never answered.",
        "decision": "patient retry",
        "numbers": {"fails_per_1000": 3.25, "slow_per_1000": 168, "extra_calls_per_100": 5.7},
        "consequences": "Hardly anything fails. Whoever meets a lost attempt waits for seconds.",
    }


def limits() -> dict:
    return {
        "scenario": "edsger-dijkstra-76c5",
        "shape": {"decision": "monolith", "limit": 151},
        "talk": {"decision": "synchronous", "limit": 99},
        "reads": {"decision": "nearest", "limit": 1620},
        "calls": {"decision": "patient retry", "limit": 1.31},
    }
