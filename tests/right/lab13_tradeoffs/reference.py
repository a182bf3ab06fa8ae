"""The reference: recommendations apart, an event for the warehouse, reads with a bound, one patient retry."""

from __future__ import annotations


def shape() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "How many processes the checkout has",
        "status": "accepted",
        "context": "Twice the orders and more are expected, and each of them can meet each bug.",
        "decision": "split",
        "numbers": {"orders_per_s_max": 334, "fails_per_1000": 1.81, "slow_per_1000": 6},
        "consequences": "Recommendations may die alone. One hop more; the rest still dies together.",
    }


def talk() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "How the warehouse hears of an order",
        "status": "accepted",
        "context": "The warehouse will be away during the sale, and buyers will not wait for it.",
        "decision": "asynchronous",
        "numbers": {"fails_per_1000": 0, "answer_ms": 54, "behind_s": 397},
        "consequences": "Everybody can order. The warehouse is behind for minutes, and somebody must watch how far.",
    }


def reads() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "bounded",
        "numbers": {"stale_per_1000": 24.9, "read_ms": 30.5},
        "consequences": "Stale by the usual lag at most. Somebody must measure the lag.",
    }


def calls() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "How the payment service is called",
        "status": "accepted",
        "context": "On a bad day more payments are slow, and more are never answered.",
        "decision": "patient retry",
        "numbers": {"fails_per_1000": 0.9, "slow_per_1000": 137, "extra_calls_per_100": 3},
        "consequences": "Hardly anything fails. Whoever meets a lost attempt waits for seconds.",
    }


def limits() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "shape": {"decision": "split", "limit": 335},
        "talk": {"decision": "asynchronous", "limit": 100},
        "reads": {"decision": "bounded", "limit": 1250},
        "calls": {"decision": "patient retry", "limit": 1.47},
    }
