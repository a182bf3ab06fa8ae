"""Everybody reads at the leader, which is thought to answer as soon as a replica."""

from __future__ import annotations


def reads() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "Who answers a read of the stock",
        "status": "accepted",
        "context": "Buyers look at the stock far more often than it changes.",
        "decision": "leader",
        "numbers": {"stale_per_1000": 0, "read_ms": 30.5},
        "consequences": "Never stale. The leader is the limit.",
    }
