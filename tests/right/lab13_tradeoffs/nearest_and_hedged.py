"""One process, an event, the nearest replica, a hedged payment."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "mary-shaw-45f9",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "monolith",
        "numbers": {"orders_per_s_max": 593, "fails_per_1000": 6.79, "slow_per_1000": 0},
        "consequences": "Every bug takes the whole checkout away. Nobody pays for a hop.",
    }


def talk() -> dict:
    return {
        "scenario": "mary-shaw-45f9",
        "title": "How the warehouse hears of an order",
        "status": "accepted",
        "context": "The warehouse will be away during the sale, and buyers will not wait for it.",
        "decision": "asynchronous",
        "numbers": {"fails_per_1000": 0, "answer_ms": 18, "behind_s": 246},
        "consequences": "Everybody can order. The warehouse is behind for minutes, and somebody must watch how far.",
    }


def reads() -> dict:
    return {
        "scenario": "mary-shaw-45f9",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "nearest",
        "numbers": {"stale_per_1000": 121, "read_ms": 10.8},
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
        "shape": {"decision": "monolith", "limit": 208},
        "talk": {"decision": "asynchronous", "limit": 133},
        "reads": {"decision": "nearest", "limit": 2330},
        "calls": {"decision": "hedge", "limit": 1.3},
    }
