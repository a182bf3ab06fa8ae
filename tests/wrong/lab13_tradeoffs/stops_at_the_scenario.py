"""The scenario's own numbers for limits."""

from __future__ import annotations


def limits() -> dict:
    return {
        "scenario": "ada-lovelace-0f0a",
        "shape": {"decision": "split", "limit": 80},
        "talk": {"decision": "asynchronous", "limit": 70},
        "reads": {"decision": "bounded", "limit": 300},
        "calls": {"decision": "patient retry", "limit": 1},
    }
