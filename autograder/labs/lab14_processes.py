"""The story that lab 14 plays with real processes: a few buyers, one after the other, and SIGKILL at each call of the worker.

A word is a buyer: ``p1`` can pay and asks until there is an answer, the card of ``d2`` is declined, ``g3`` can pay, asks once and
is gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from autograder.explore.scenario import Scenario
from autograder.explore.stage import Stage
from autograder.invariants import Invariant
from autograder.invariants.sale import Ending, event_row
from shop.sale import ANSWERS, FINAL, SaleTerms

__all__ = ["killed"]

WORKER = "shop-1"
ASK, WORK, SHIP = "shop.sale.ask_once", "shop.sale.work_once", "shop.sale.ship_once"
ASKS_MAX = 3
DECLINES_MAX = 6


def killed(name: str, title: str, terms: SaleTerms, *words: str, faults: tuple[str, ...], rules: tuple[Invariant, ...]) -> Scenario:
    """Each buyer is served by a process of its own, which may be killed; then the work is done, and events are delivered."""
    return Scenario(
        name=name, title=title, play=_play(terms), input=words, target=WORKER, faults=faults, rules=rules, needs=("open_sale",),
        read="A crash belongs to the protocol, not to the weather",
    )  # fmt: skip


def _play(terms: SaleTerms) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        stage.seed("insert into stock (item, shard, free) values (%s, 0, %s)", terms.item, terms.stock)
        told: dict[str, list[str]] = {f"k-{word[1:]}": [] for word in stage.input}
        for word in stage.input:
            if word[0] == "d":
                for number in range(1, DECLINES_MAX + 1):
                    stage.sandbox.misbehave("declines", number=number, of=f"k-{word[1:]}")
            _buys(stage, terms, word, told)
        shipped: set[tuple[str, int, int]] = set()
        quiet = _at_rest(stage, terms, shipped)
        for word in stage.input:
            if word[0] != "g" and not set(told[f"k-{word[1:]}"]) & set(FINAL):
                _buys(stage, terms, word, told)
        quiet = quiet and _at_rest(stage, terms, shipped)
        for message in stage.lane.messages()[:1]:
            stage.until_done(WORKER, SHIP, terms, json.loads(message.value))
        stage.snapshot("when all work is done", ("purchase", "shipment"))
        stage.states[-1] = _with_ending(stage, terms, told, quiet)

    return play


def _buys(stage: Stage, terms: SaleTerms, word: str, told: dict[str, list[str]]) -> None:
    """One buyer asks; after a crash again, unless it is gone."""
    key = f"k-{word[1:]}"
    again = bool(told[key])
    for _ in range(ASKS_MAX):
        request = {"key": key, "buyer": f"buyer {key[2:]}", "correlation_id": f"c{key[1:]}", "again": again}
        ended = stage.once(WORKER, ASK, terms, request)
        status = ended.value.get("status") if ended.kind == "returned" and isinstance(ended.value, dict) else None
        if status in ANSWERS:
            told[key].append(status)
        elif ended.kind == "returned":
            stage.trouble = f"it answers {ended.value!r:.60}, which is no answer"
        if status in (*FINAL, "waiting") or word[0] == "g":
            return
        again = True


def _at_rest(stage: Stage, terms: SaleTerms, shipped: set[tuple[str, int, int]]) -> bool:
    """Work until nothing is left, and deliver what is new in the topic; is all work done?"""
    quiet = stage.drain(WORKER, WORK, terms)
    for message in stage.lane.messages():
        place = (message.topic, message.partition, message.offset)
        if place not in shipped and stage.until_done(WORKER, SHIP, terms, json.loads(message.value)):
            shipped.add(place)
    return quiet


def _with_ending(stage: Stage, terms: SaleTerms, told: dict[str, list[str]], quiet: bool) -> Any:
    state = stage.states[-1]
    keys = {f"k-{word[1:]}": word[0] for word in stage.input}
    ending = Ending(
        stock=terms.stock,
        waiting_max=terms.waiting_max,
        purchases=state.rows("purchase"),
        charges=state.charges,
        refunds=state.refunds,
        shipments=state.rows("shipment"),
        events=[event_row(message.value) for message in state.messages],
        price=terms.price,
        item=terms.item,
        buyers={key: f"buyer {key[2:]}" for key in keys},
        told={key: tuple(answers) for key, answers in told.items()},
        wishes={key: f"c{key[1:]}" for key in keys},
        declines=frozenset(key for key, letter in keys.items() if letter == "d"),
        gone=frozenset(key for key, letter in keys.items() if letter == "g"),
        quiet=quiet,
        trouble=stage.trouble,
    )
    known = {**state.known, "sale": ending}
    return type(state)(**{**vars(state), "known": known})
