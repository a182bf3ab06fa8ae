"""The naive hand-in of lab 13: what everybody does, and numbers that are hoped for."""

from __future__ import annotations

__all__ = ["calls", "reads", "shape", "talk"]

_SCENARIO = "ada-lovelace-0f0a"


def shape() -> dict[str, object]:
    """Services, because services scale."""
    return {"scenario": _SCENARIO, "decision": "services", "numbers": {"orders_per_s_max": 1000, "fails_per_1000": 0, "slow_per_1000": 0}}


def talk() -> dict[str, object]:
    """An event, because it decouples."""
    return {"scenario": _SCENARIO, "decision": "asynchronous", "numbers": {"fails_per_1000": 0, "answer_ms": 42, "behind_s": 30}}


def reads() -> dict[str, object]:
    """The leader, to be on the safe side."""
    return {"scenario": _SCENARIO, "decision": "leader", "numbers": {"stale_per_1000": 0, "read_ms": 10}}


def calls() -> dict[str, object]:
    """A hedge, which is both quick and reliable."""
    numbers = {"fails_per_1000": 0, "slow_per_1000": 0, "extra_calls_per_100": 0}
    return {"scenario": _SCENARIO, "decision": "hedge", "numbers": numbers}
