"""The first ERROR line of the log, and the orders with ERROR lines."""

from __future__ import annotations


def incident() -> dict:
    return {
        "incident": "ada-lovelace-1-5f69",
        "component": "api",
        "first": "api-0007",
        "orders": [
            "p-125", "p-152", "p-202", "p-296", "p-399", "p-559", "p-578", "p-582", "p-598",
            "p-671", "p-695", "p-735", "p-754", "p-806", "p-829", "p-850", "p-884", "p-934",
            "p-949", "p-992",
        ],
    }
