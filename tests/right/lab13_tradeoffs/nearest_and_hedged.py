"""Recommendations apart, an answer that waits, the nearest replica, a hedged payment."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "mary-shaw-45f9",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "split",
        "numbers": {"orders_per_s_max": 110, "fails_per_1000": 1.81, "slow_per_1000": 7},
        "consequences": "Recommendations may die alone. One hop more; the rest still dies together.",
    }


def talk() -> dict:
    return {
        "scenario": "mary-shaw-45f9",
        "title": "How the warehouse hears of an order",
        "status": "accepted",
        "context": "The warehouse will be away during the sale, and buyers will not wait for it.",
        "decision": "synchronous",
        "numbers": {"fails_per_1000": 27.8, "answer_ms": 91.6, "behind_s": 0},
        "consequences": "Whoever is answered can be sure that the warehouse knows. While it is away nobody can order.",
    }


def reads() -> dict:
    return {
        "scenario": "mary-shaw-45f9",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "nearest",
        "numbers": {"stale_per_1000": 86.3, "read_ms": 13.6},
        "consequences": "Quick. Now and then somebody sees a lamp that is sold.",
    }


def calls() -> dict:
    return {
        "scenario": "mary-shaw-45f9",
        "title": "How the payment service is called",
        "status": "accepted",
        "context": "On a bad day more payments are slow, and more are never answered.",
        "decision": "hedge",
        "numbers": {"fails_per_1000": 3.6, "slow_per_1000": 7.42, "extra_calls_per_100": 10.5},
        "consequences": "Quick and reliable. The provider gets more calls on the very day on which it is ill.",
    }


def limits() -> dict:
    return {
        "scenario": "mary-shaw-45f9",
        "shape": {"decision": "split", "limit": 111},
        "talk": {"decision": "synchronous", "limit": 66.6},
        "reads": {"decision": "nearest", "limit": 1320},
        "calls": {"decision": "hedge", "limit": 1.3},
    }
