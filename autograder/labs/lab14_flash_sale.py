"""Lab 14: a flash sale. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from dataclasses import replace

from autograder.backends.databases import SCHEMA
from autograder.explore.virtual import KILLS, LOSSES, VirtualScenario
from autograder.invariants import Invariant
from autograder.invariants import sale as rule
from autograder.labs import lab14_stories as story
from autograder.labs import lab14_trouble as trouble
from autograder.labs.lab import Lab, Rule, Task
from shop.sale import SaleTerms

__all__ = ["LAB"]

OVERSOLD = rule.nothing_is_oversold.__name__
TWICE = rule.nobody_pays_twice.__name__
CAPTURED = rule.captured_is_paid.__name__
TRUE = rule.what_was_told_is_true.__name__
SHIPS = rule.each_paid_order_ships_once.__name__
HELD = rule.nothing_is_held_for_ever.__name__
ANSWERED = rule.everybody_is_answered.__name__
CHEAP = rule.an_order_costs_little.__name__
FREE = rule.sold_out_costs_nothing.__name__

HARD: tuple[Invariant, ...] = (
    rule.nothing_is_oversold,
    rule.nobody_pays_twice,
    rule.captured_is_paid,
    rule.each_paid_order_ships_once,
    rule.what_was_told_is_true,
    rule.nothing_is_held_for_ever,
    rule.everybody_is_answered,
)
TERMS = SaleTerms(stock=1, waiting_max=1, hold_s=1.0)


def _killed(name: str, title: str, *words: str, terms: SaleTerms = TERMS, faults: tuple[str, ...] = KILLS) -> VirtualScenario:
    return VirtualScenario(
        name=name,
        title=title,
        play=story.bought(terms),
        input=words,
        target="shop-1",
        faults=faults,
        rules=HARD,
        needs=("open_sale",),
        stuck=HELD,
        limit_s=600.0,
        reads_too=False,
    )


CRASHES = (
    _killed("crash", "Three buyers and one lamp; a worker dies at each of its calls", "d1", "h2", "p3"),
    _killed("gone", "A buyer asks once and is gone, another asks both workers", "g1", "t2", "p3", faults=KILLS[1:]),
    _killed("lost", "An answer to a worker is lost", "p1", "s2", faults=LOSSES[1:], terms=replace(TERMS, stock=2)),
)


def _away(name: str, title: str) -> VirtualScenario:
    return VirtualScenario(
        name=name, title=title, play=trouble.away(replace(TERMS, stock=3), name), input=("p1", "p2", "d3", "p4", "p5"), rules=HARD,
        needs=("open_sale",), stuck=ANSWERED, limit_s=600.0,
    )  # fmt: skip


DEGRADED = (
    _away("redis-dies", "Redis dies for six seconds and comes back with nothing in it"),
    _away("redis-silent", "Redis is silent for six seconds"),
    _away("gateway-refuses", "The gateway is away for six seconds"),
    _away("gateway-silent", "The gateway is silent for six seconds"),
)
COUNTED = (
    VirtualScenario(
        name="costs", title="Four buy, one after the other; then fifty come together", play=trouble.costs(replace(TERMS, stock=4)),
        input=("n4", "m50"), rules=(rule.an_order_costs_little, rule.sold_out_costs_nothing), needs=("open_sale",), limit_s=600.0,
    ),
)  # fmt: skip

LAB = Lab(
    number=14,
    name="lab14_flash_sale",
    title="Flash sale",
    day="day14_flash_sale",
    rules=(
        Rule(number=1, invariant=rule.nothing_is_oversold),
        Rule(number=2, invariant=rule.nobody_pays_twice),
        Rule(number=3, invariant=rule.captured_is_paid),
        Rule(number=4, invariant=rule.each_paid_order_ships_once),
        Rule(number=5, invariant=rule.what_was_told_is_true),
        Rule(number=6, invariant=rule.nothing_is_held_for_ever),
        Rule(number=7, invariant=rule.everybody_is_answered),
        Rule(number=9, invariant=rule.an_order_costs_little),
        Rule(number=10, invariant=rule.sold_out_costs_nothing),
    ),
    tasks=(
        Task(
            name="crashes", title="Every crash", function="open_sale", scenarios=CRASHES,
            points={OVERSOLD: 10, TWICE: 10, CAPTURED: 10, SHIPS: 10, TRUE: 10, HELD: 10, ANSWERED: 10}, outcomes=("O2",), minutes=120,
        ),
        Task(
            name="scaling", title="What a buyer costs", function="open_sale", scenarios=COUNTED,
            points={CHEAP: 8, FREE: 7}, outcomes=("O4",), minutes=30,
        ),
        Task(
            name="degraded", title="Something is away", function="open_sale", scenarios=DEGRADED,
            points={OVERSOLD: 2, CAPTURED: 2, HELD: 4, ANSWERED: 7}, outcomes=("O2", "O4"), minutes=40,
        ),
    ),
    schema=SCHEMA.with_name("sale.sql"),
    uses=("lab02_idempotency/charge", "lab03_failure/pause_s", "lab06_outbox/relay", "lab06_outbox/receive", "lab12_resilience/admit"),
)  # fmt: skip
