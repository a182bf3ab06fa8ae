"""Decisions that keep things together: one process, an answer that waits for the warehouse, a bounded replica."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "edsger-dijkstra-76c5",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "monolith",
        "numbers": {"orders_per_s_max": 275, "fails_per_1000": 17.5, "slow_per_1000": 0},
        "consequences": "Every bug takes the whole checkout away. Nobody pays for a hop.",
    }


def talk() -> dict:
    return {
        "scenario": "edsger-dijkstra-76c5",
        "title": "How the warehouse hears of an order",
        "status": "accepted",
        "context": "The warehouse will be away during the sale, and buyers will not wait for it.",
        "decision": "synchronous",
        "numbers": {"fails_per_1000": 33.3, "answer_ms": 126, "behind_s": 0},
        "consequences": "Whoever is answered can be sure that the warehouse knows. While it is away nobody can order.",
    }


def reads() -> dict:
    return {
        "scenario": "edsger-dijkstra-76c5",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "bounded",
        "numbers": {"stale_per_1000": 29.5, "read_ms": 12.7},
        "consequences": "Stale by the usual lag at most. Somebody must measure the lag.",
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
        "shape": {"decision": "monolith", "limit": 119},
        "talk": {"decision": "synchronous", "limit": 84.6},
        "reads": {"decision": "bounded", "limit": 1400},
        "calls": {"decision": "patient retry", "limit": 1.31},
    }
