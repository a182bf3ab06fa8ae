"""The index is on a column with two values: a third of the table has the one that is asked for."""

from __future__ import annotations

from shop import Addresses


def index_for_open_orders(at: Addresses) -> str:
    return "create index on customer_order (status)"
