"""The resource whose visits take longest is scaled."""

from __future__ import annotations

def bottleneck() -> dict:
    return {"system": "grace-hopper-b21b", "scale_first": "api", "orders_per_s": 199}
