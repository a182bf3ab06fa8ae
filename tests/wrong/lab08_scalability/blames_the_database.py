"""It is always the database."""

from __future__ import annotations

def bottleneck() -> dict:
    return {"system": "ada-lovelace-1205", "scale_first": "database", "orders_per_s": 450}
