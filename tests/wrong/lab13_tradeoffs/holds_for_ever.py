"""Decisions that are thought to hold whatever comes."""

from __future__ import annotations


def limits() -> dict:
    never = {"limit": None}
    return {
        "scenario": "ada-lovelace-0f0a",
        "shape": {"decision": "split", **never},
        "talk": {"decision": "asynchronous", **never},
        "reads": {"decision": "bounded", **never},
        "calls": {"decision": "patient retry", **never},
    }
