"""A browser that asks again is thought to repair whatever a crash has lost."""

from __future__ import annotations


def pipelines() -> dict:
    return {
        "p01": ("lost", 2),
        "p02": ("untrue", 2),
        "p03": ("holds", 0),
        "p04": ("twice", 3),
        "p05": ("twice", 4),
        "p06": ("lost", 5),
        "p07": ("twice", 6),
        "p08": ("lost", 1),
        "p09": ("twice", 2),
        "p10": ("holds", 0),
        "p11": ("twice", 4),
        "p12": ("holds", 0),
    }
