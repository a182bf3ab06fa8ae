"""More instances of the API, because they are cheap."""

from __future__ import annotations

def bottleneck() -> dict:
    return {"system": "barbara-liskov-ccb2", "scale_first": "api", "orders_per_s": 700}
