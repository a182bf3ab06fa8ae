"""Twice the bottleneck is promised to give twice the orders."""

from __future__ import annotations

def bottleneck() -> dict:
    return {"system": "ada-lovelace-1205", "scale_first": "service", "orders_per_s": 566}
