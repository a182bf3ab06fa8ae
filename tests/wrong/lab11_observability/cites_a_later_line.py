"""The right component, and a line that came after the first."""

from __future__ import annotations


def incident() -> dict:
    return {
        "incident": "ada-lovelace-1-5f69",
        "component": "warehouse",
        "first": "warehouse-0107",
        "orders": ["p-256", "p-362", "p-499", "p-559", "p-947"],
    }
