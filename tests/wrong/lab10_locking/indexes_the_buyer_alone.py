"""The index finds the buyer's orders of all years; which of them are open, and which are new, is seen row by row."""

from __future__ import annotations

from shop import Addresses


def index_for_open_orders(at: Addresses) -> str:
    return "create index on customer_order (buyer)"
