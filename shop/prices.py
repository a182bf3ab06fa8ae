"""Prices: what one unit costs depends on how many are left. In cents."""

__all__ = ["price_of"]

FULL_SHELF = 3
PRICE = 4_900
RISE = 500


def price_of(free: int) -> int:
    """What a unit costs while ``free`` of them are free: each of the last three costs five euros more than the one before.

    >>> price_of(7), price_of(2), price_of(1)
    (4900, 5400, 5900)
    """
    return PRICE + RISE * max(0, FULL_SHELF - free)
