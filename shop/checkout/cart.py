"""The part that an order reaches: it asks the others and puts their answers together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["answer"]


def answer(order: dict[str, Any], ask: Callable[[str, dict[str, Any]], Any]) -> dict[str, Any]:
    """The confirmed order: what it costs, that it is reserved, and what else the buyer may like."""
    priced = ask("pricing", order)
    reserved = ask("stock", order)
    return {
        "buyer": order["buyer"],
        "total_cents": priced["total_cents"],
        "reserved": reserved["reserved"],
        "also": _also(order | priced, ask),
    }


def _also(order: dict[str, Any], ask: Callable[[str, dict[str, Any]], Any]) -> list[str] | None:
    """Recommendations, or None: no order waits for what it can do without."""
    try:
        return list(ask("recommendations", order)["also"])
    except ConnectionError:
        return None
