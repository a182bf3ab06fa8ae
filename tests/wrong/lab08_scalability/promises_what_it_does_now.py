"""The limit of the system as it is, promised for the doubled one."""

from __future__ import annotations

def bottleneck() -> dict:
    return {"system": "ada-lovelace-1205", "scale_first": "service", "orders_per_s": 283}
