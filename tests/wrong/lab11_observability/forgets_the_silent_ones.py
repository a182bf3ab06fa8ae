"""Two orders of five are missing: nobody has complained of them."""

from __future__ import annotations


def incident() -> dict:
    return {
        "incident": "ada-lovelace-1-5f69",
        "component": "warehouse",
        "first": "warehouse-0094",
        "orders": ["p-256", "p-362", "p-499"],
    }
