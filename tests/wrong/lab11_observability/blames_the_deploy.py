"""Something was deployed a moment before."""

from __future__ import annotations


def incident() -> dict:
    return {
        "incident": "ada-lovelace-1-5f69",
        "component": "api",
        "first": "api-0126",
        "orders": ["p-256", "p-362", "p-499", "p-559", "p-947"],
    }
