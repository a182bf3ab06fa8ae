"""The four parts of the checkout, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shop.checkout import cart, pricing, recommendations, stock

__all__ = ["NEEDED", "PARTS", "Ask", "Order"]

Order = dict[str, Any]
Ask = Callable[[str, Order], Any]
"""Another part's answer to an order; raises ConnectionError when nobody answers there."""

PARTS: dict[str, Callable[[Order, Ask], Any]] = {
    "cart": cart.answer,
    "pricing": pricing.answer,
    "stock": stock.answer,
    "recommendations": recommendations.answer,
}
NEEDED = ("cart", "pricing", "stock")
"""Without one of these an order fails."""
