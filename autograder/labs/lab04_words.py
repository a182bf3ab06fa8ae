"""The words that lab 4's stories are made of: ``p1`` is Ada's order of a lamp, ``p2`` Bao's of two mugs."""

from __future__ import annotations

from typing import Any

from autograder.explore.stage import Stage

__all__ = ["HAD", "TABLES", "command_of", "order_of", "prepare", "snapshot"]

BUYERS = (("Ada", "lamp", 1), ("Bao", "mug", 2))
HAD = {"lamp": 3, "mug": 5}
"""What is on the shelf when a story begins."""
PRICE = 4_900
"""Of one unit, in cents."""
TABLES = ("purchase", "stock")


def command_of(word: str) -> dict[str, Any]:
    """The command that a word stands for, as a subject gets it."""
    buyer, item, quantity = BUYERS[(int(word[1:]) - 1) % len(BUYERS)]
    return {"$": "PlaceOrder", "purchase_id": f"p-{word[1:]}", "buyer": buyer, "item": item, "quantity": quantity}


def order_of(word: str) -> dict[str, Any]:
    """What the rules know of it."""
    command = command_of(word)
    return {
        "id": command["purchase_id"],
        "buyer": command["buyer"],
        "item": command["item"],
        "quantity": command["quantity"],
        "amount": PRICE * command["quantity"],
    }


def prepare(stage: Stage, *, mood: str = "", declines: bool = False, refund_fails: int = 0) -> None:
    """Fill the shelf, and tell the other services how to behave."""
    for item, free in HAD.items():
        stage.seed("insert into stock (item, free) values (%s, %s)", item, free)
    stage.lane.warehouse.reset(mood)
    if declines:
        stage.sandbox.misbehave("declines", what="charge", number=1)
    for number in range(1, refund_fails + 1):
        stage.sandbox.misbehave("unavailable", what="refund", number=number)


def snapshot(stage: Stage, moment: str, **known: Any) -> None:
    """What can be seen from outside at this moment."""
    stage.snapshot(moment, TABLES, orders=[order_of(word) for word in stage.input], had=HAD, **known)
