"""The stories that lab 7 plays: buyers check out, processes die, and the others go on meanwhile.

An input word is a buyer: ``p1`` can buy what she wants, the card of ``d2`` is declined, and ``s3`` wants what is sold out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from autograder.explore.stage import Stage
from autograder.labs.lab06_scenarios import Story
from autograder.labs.lab07_pipelines import NAMES, TARGET, play_pipeline

__all__ = ["PRICE", "SHELF", "STORIES", "asked_again", "recovered"]

Play = Callable[[Stage], None]

PRICE = 4_900
"""Of one unit, in cents."""
SHELF = {"lamp": 3, "mug": 2, "vase": 0}
WANTED = {"p": "placed", "d": "declined", "s": "sold out"}
BUYERS = {"1": ("Ada", "lamp", 2), "2": ("Bao", "mug", 1), "3": ("Cleo", "vase", 1)}
TABLES = ("purchase", "outbox", "stock", "shipment")
RELAY, RECEIVE = "shop.parts.relay", "shop.parts.receive"


def asked_again(checkout: str) -> Play:
    """Each buyer asks until there is an answer, and the first one once more."""

    def play(stage: Stage) -> None:
        _open_the_shop(stage)
        answers: dict[str, list[Any]] = {}
        for number, word in enumerate(stage.input):
            command = _command(word)
            given = answers.setdefault(command["purchase_id"], [])
            result = stage.once("checkout-1", checkout, command)
            if result.kind == "returned":
                given.append(result.value)
            else:
                _others_go_on(stage)
                _look(stage, "before anybody asks again")
            if result.kind != "returned" or number == 0:
                given.append(_answer(stage, checkout, command))
        _others_go_on(stage)
        _look(stage, "in the end", final=True, delivered=True, asked=True, answers=answers)

    return play


def recovered(checkout: str, recover: str) -> Play:
    """Nobody asks again: whoever was killed starts again and recovers. Much later the buyers look what became of it."""

    def play(stage: Stage) -> None:
        _open_the_shop(stage)
        finished = True
        for word in stage.input:
            if stage.once("checkout-1", checkout, _command(word)).kind != "returned":
                _others_go_on(stage)
                _look(stage, "before the recovery")
                finished = stage.drain("checkout-1", recover) and finished
        finished = stage.drain("checkout-1", recover) and finished
        _others_go_on(stage)
        _look(stage, "after the recovery", final=True, delivered=True, finished=finished)
        commands = [_command(word) for word in stage.input] if finished else []
        answers = {command["purchase_id"]: [_answer(stage, checkout, command, "checkout-2")] for command in commands}
        _look(stage, "when the buyers ask again, much later", final=True, asked=finished, answers=answers)

    return play


# ---- what both share


def _command(word: str) -> dict[str, Any]:
    buyer, item, quantity = BUYERS[word[1]]
    return {"$": "PlaceOrder", "purchase_id": f"p-{word[1]}", "buyer": buyer, "item": item, "quantity": quantity}


def _open_the_shop(stage: Stage) -> None:
    for item, free in SHELF.items():
        stage.seed("insert into stock (item, free) values (%s, %s)", item, free)
    if stage.input[0].startswith("d"):
        stage.sandbox.misbehave("declines")  # the first request to charge, whenever it comes; the gateway keeps its answer


def _answer(stage: Stage, checkout: str, command: Mapping[str, Any], process: str = "checkout-1") -> Any:
    """What the buyer hears in the end; None when nobody ever answers."""
    done = stage.until_done(process, checkout, command)
    return getattr(stage.results[-1][1], "value", None) if done else None


def _others_go_on(stage: Stage) -> None:
    """The relay and the warehouse know nothing of a checkout that died: they do their work."""
    if any(row["published_at"] is None for row in stage.lane.rows("outbox")):
        stage.drain("relay-1", RELAY)
    for message in stage.lane.messages():
        stage.until_done("warehouse-1", RECEIVE, {"$": "Event", **json.loads(message.value)})


def _look(stage: Stage, moment: str, **known: Any) -> None:
    commands = {word: _command(word) for word in stage.input}
    stage.snapshot(
        moment,
        TABLES,
        shelf=SHELF,
        prices={command["purchase_id"]: PRICE * command["quantity"] for command in commands.values()},
        wanted={command["purchase_id"]: WANTED[word[0]] for word, command in commands.items()},
        **known,
    )


STORIES = {
    **{
        name: Story(title=f"Pipeline {name}", make=partial(play_pipeline, name), roles=(), input=("p1",), target=TARGET)
        for name in NAMES
    },
    "checkout": Story(
        title="Ada checks out, and asks until she is answered", make=asked_again, roles=("checkout",), input=("p1",),
        target="checkout-1",
    ),
    "recovery": Story(
        title="Ada checks out and never asks again", make=recovered, roles=("checkout", "recover"), input=("p1",),
        target="checkout-1",
    ),
}  # fmt: skip
"""By name, for a notebook's experiments."""
