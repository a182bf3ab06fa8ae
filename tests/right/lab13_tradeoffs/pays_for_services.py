"""Four services, two consumers, reads at the leader, three quick tries."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "services",
        "numbers": {"orders_per_s_max": 178, "fails_per_1000": 0.726, "slow_per_1000": 14.9},
        "consequences": "Each part starts again alone. Every order pays for three hops.",
    }


def talk() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "title": "How the warehouse hears of an order",
        "status": "accepted",
        "context": "The warehouse will be away during the sale, and buyers will not wait for it.",
        "decision": "asynchronous, two consumers",
        "numbers": {"fails_per_1000": 0, "answer_ms": 54, "behind_s": 94.4},
        "consequences": "As with one, and it catches up sooner. Two consumers may overtake each other.",
    }


def reads() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "leader",
        "numbers": {"stale_per_1000": 0, "read_ms": 75.6},
        "consequences": "Never stale. The leader is the limit.",
    }


def calls() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "title": "How the payment service is called",
        "status": "accepted",
        "context": "On a bad day more payments are slow, and more are never answered.",
        "decision": "three quick tries",
        "numbers": {"fails_per_1000": 0.562, "slow_per_1000": 6.24, "extra_calls_per_100": 8.93},
        "consequences": "Slow answers are thrown away and asked for again.",
    }


def limits() -> dict:
    return {
        "scenario": "jim-gray-d80e",
        "shape": {"decision": "services", "limit": 132},
        "talk": {"decision": "asynchronous, two consumers", "limit": 94.8},
        "reads": {"decision": "leader", "limit": 731},
        "calls": {"decision": "three quick tries", "limit": 1.51},
    }
