"""What was measured in a calm minute is taken for what the system can do."""

from __future__ import annotations

def bottleneck() -> dict:
    return {"system": "ada-lovelace-1205", "scale_first": "service", "orders_per_s": 176.2}
