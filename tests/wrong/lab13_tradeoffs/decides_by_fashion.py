"""A shape and reasons, and nothing that could turn out to be wrong."""

from __future__ import annotations


def naive_shape() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "title": "Microservices",
        "status": "accepted",
        "context": "Many orders are expected.",
        "decision": "services",
        "consequences": "Pros: it scales, teams are independent. Cons: more complex.",
    }
