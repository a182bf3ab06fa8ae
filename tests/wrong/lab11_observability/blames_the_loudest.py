"""The component with the most ERROR lines, and its first line about an expired reservation."""

from __future__ import annotations


def incident() -> dict:
    return {
        "incident": "bao-1-1b9f",
        "component": "api",
        "first": "api-0153",
        "orders": [
            "p-165", "p-208", "p-212", "p-266", "p-298", "p-354", "p-423", "p-440", "p-513",
            "p-567", "p-676", "p-687", "p-729", "p-731", "p-733", "p-759", "p-814", "p-863",
            "p-873", "p-929",
        ],
    }
