"""Lab 14: a flash sale. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autograder.backends.databases import SCHEMA
from autograder.explore.virtual import KILLS, LOSSES, VirtualScenario
from autograder.invariants import Invariant
from autograder.invariants import sale as rule
from autograder.invariants import sale_design as paper
from autograder.labs import lab14_processes as processes
from autograder.labs import lab14_stories as story
from autograder.labs import lab14_trouble as trouble
from autograder.labs.lab14_design import Design, a_promise_of_redis
from autograder.labs.lab14_mistakes import MISTAKES
from autograder.labs.lab14_pace import Paces
from autograder.labs.lab14_rush import BUYERS, Rush
from autograder.labs.lab import Lab, Rule, Task
from shop.sale import SaleTerms

__all__ = ["LAB"]

OVERSOLD = rule.nothing_is_oversold.__name__
TWICE = rule.nobody_pays_twice.__name__
CAPTURED = rule.captured_is_paid.__name__
TRUE = rule.what_was_told_is_true.__name__
SHIPS = rule.each_paid_order_ships_once.__name__
HELD = rule.nothing_is_held_for_ever.__name__
COMPLETE = paper.the_design_is_complete.__name__
ESTIMATED = paper.the_estimates_are_right.__name__
KEPT = paper.the_claims_are_kept.__name__
ANSWERED = rule.everybody_is_answered.__name__
CHEAP = rule.an_order_costs_little.__name__
FREE = rule.sold_out_costs_nothing.__name__
LINE = rule.the_line_is_bounded.__name__
PACE = rule.it_keeps_pace.__name__
BOUNDED = rule.memory_is_bounded.__name__

DIES = "A crash belongs to the protocol, not to the weather"
CROWD = "Sold out is the most frequent answer, so it must be the cheapest"
AWAY = "Kill what it stands on, and count again"
NUMBERS = "A hundred thousand users are not a hundred thousand transactions"

HARD: tuple[Invariant, ...] = (
    rule.nothing_is_oversold,
    rule.nobody_pays_twice,
    rule.captured_is_paid,
    rule.each_paid_order_ships_once,
    rule.what_was_told_is_true,
    rule.nothing_is_held_for_ever,
    rule.everybody_is_answered,
)
READ: Mapping[Invariant, str] = {
    **dict.fromkeys(HARD, DIES),
    rule.memory_is_bounded: CROWD,
    rule.an_order_costs_little: CROWD,
    rule.sold_out_costs_nothing: CROWD,
    rule.the_line_is_bounded: CROWD,
    paper.the_design_is_complete: NUMBERS,
    paper.the_estimates_are_right: NUMBERS,
    paper.the_claims_are_kept: NUMBERS,
    rule.it_keeps_pace: CROWD,
}
"""Every rule in the order of its number, and the section of the day that explains it."""
TERMS = SaleTerms(stock=1, waiting_max=1, hold_s=1.0)
MUGS = replace(TERMS, item="mug", price=1250)


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
        read=DIES,
        limit_s=600.0,
        reads_too=False,
    )


CRASHES = (
    _killed("crash", "Four buyers and two lamps; a worker dies at each of its calls", "d1", "p2", "h3", "p4", terms=replace(TERMS, stock=2)),
    _killed("gone", "A buyer asks once and is gone, another asks both workers", "g1", "t2", "p3", faults=KILLS[1:], terms=MUGS),
    _killed("declined", "A buyer whose card is declined asks both workers; two others want the one mug", "b1", "p2", "p3", faults=(), terms=MUGS),
    _killed("latecomer", "Two are declined and two sent away; somebody else comes when all work is done", "d1", "d2", "p3", "p4", "e5", faults=()),
    _killed("lost", "An answer to a worker is lost", "p1", "s2", faults=LOSSES[1:], terms=replace(TERMS, stock=2)),
)


PROCESSES = (
    processes.killed(
        "killed", "Three buyers and two lamps; the worker is killed after each of its calls", replace(TERMS, stock=2, hold_s=0.0),
        "g1", "d2", "p3", faults=("kill-after",), rules=HARD,
    ),
)  # fmt: skip


def _away(name: str, title: str, *, answer_s: float = TERMS.answer_s) -> VirtualScenario:
    return VirtualScenario(
        name=name, title=title, play=trouble.away(replace(TERMS, stock=3, answer_s=answer_s), name), input=("p1", "p2", "d3", "p4", "p5"), rules=HARD,
        needs=("open_sale",), stuck=ANSWERED, read=AWAY, limit_s=600.0,
    )  # fmt: skip


DEGRADED = (
    _away("redis-dies", "Redis dies for six seconds and comes back with nothing in it"),
    _away("redis-silent", "Redis is silent for six seconds"),
    _away("gateway-refuses", "The gateway is away for six seconds"),
    _away("gateway-silent", "The gateway is silent for six seconds", answer_s=3.0),
    _away("kafka-silent", "Kafka is silent for six seconds"),
    _away("postgres-silent", "Postgres is silent for six seconds", answer_s=4.0),
)
RUSH = Rush(
    name="rush", title=f"{BUYERS:,} buyers at once; workers, Redis and the gateway are killed", rules=(*HARD, rule.memory_is_bounded),
    input=(f"b{BUYERS}",),
)  # fmt: skip
COUNTED = (
    VirtualScenario(
        name="costs", title="Four buy, one after the other; then fifty come together", play=trouble.costs(replace(TERMS, stock=4)),
        input=("n4", "m50"), rules=(rule.an_order_costs_little, rule.sold_out_costs_nothing), needs=("open_sale",), read=CROWD, limit_s=600.0,
    ),
    VirtualScenario(
        name="line", title="Postgres is silent, and 1,500 come to one worker", play=trouble.line(replace(TERMS, line_max=1000)),
        input=("c1500",), rules=(rule.the_line_is_bounded,), needs=("open_sale",), read=CROWD, limit_s=600.0,
    ),
)  # fmt: skip

SPEED = Paces(
    name="pace", title="Sixty buyers and sixty lamps, with 1, 2 and 4 workers, beside the reference", rules=(rule.it_keeps_pace,),
    input=("b60",), read=CROWD,
)  # fmt: skip

NAIVE = VirtualScenario(
    name="naive", title="Two buyers and two lamps; a worker dies at each of its calls",
    play=story.bought(replace(TERMS, stock=2), "naive_open_sale"), input=("p1", "p2"), target="shop-1", faults=KILLS[1:], reads_too=False,
    rules=HARD, needs=("naive_open_sale",), stuck=HELD, read=DIES, limit_s=600.0,
)  # fmt: skip
DESIGN = Design(
    name="design",
    title="The design, and the program that comes with it",
    function="design",
    read=NUMBERS,
    needs=("design", "open_sale"),
    faults=KILLS[1:],
    stories={
        "worker": _killed("design", "Two buyers and one lamp; a worker dies after each of its calls", "d1", "p2", faults=KILLS[1:]),
        "redis": replace(_away("redis-dies", "Redis dies and comes back with nothing in it"), rules=(*HARD, a_promise_of_redis)),
        "gateway": _away("gateway-silent", "The gateway falls silent"),
        "crowd": replace(COUNTED[0], rules=(rule.sold_out_costs_nothing,)),
    },
)

LAB = Lab(
    number=14,
    name="lab14_flash_sale",
    title="Every lamp once",
    day="day14_flash_sale",
    rules=tuple(Rule(number=number, invariant=one, read=READ[one]) for number, one in enumerate(READ, start=1)),
    tasks=(
        Task(
            name="naive", title="The naive sale", function="naive_open_sale", scenarios=(NAIVE,), points={}, outcomes=(), graded=False,
        ),
        Task(
            name="design", title="The design", function="design", scenarios=(DESIGN,),
            points={COMPLETE: 6, ESTIMATED: 4, KEPT: 10}, outcomes=("O1", "O3"), minutes=45,
        ),
        Task(
            name="open_sale", title="Every crash", function="open_sale", scenarios=CRASHES,
            points=dict.fromkeys((OVERSOLD, TWICE, CAPTURED, SHIPS, TRUE, HELD, ANSWERED), 10), outcomes=("O2", "O4", "O5"), minutes=180,
        ),
        Task(
            name="processes", title="Every call of real processes", function="open_sale", scenarios=PROCESSES,
            points={OVERSOLD: 5, TWICE: 8, CAPTURED: 6, SHIPS: 7, TRUE: 5, HELD: 6, ANSWERED: 3}, outcomes=("O2", "O5"), minutes=45,
        ),
        Task(
            name="rush", title=f"{BUYERS:,} buyers", function="open_sale", scenarios=(RUSH,),
            points={OVERSOLD: 7, TWICE: 6, CAPTURED: 5, SHIPS: 5, TRUE: 5, HELD: 5, ANSWERED: 4, BOUNDED: 3}, outcomes=("O2", "O4"), minutes=60,
        ),
        Task(
            name="scaling", title="What a buyer costs", function="open_sale", scenarios=(*COUNTED, SPEED),
            points={CHEAP: 4, FREE: 4, LINE: 4, PACE: 3}, outcomes=("O4",), minutes=30,
        ),
        Task(
            name="degraded", title="Something is away", function="open_sale", scenarios=DEGRADED,
            points={OVERSOLD: 2, CAPTURED: 2, TRUE: 3, HELD: 3, ANSWERED: 5}, outcomes=("O2", "O4"), minutes=40,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a Postgres that dies or fails over, a loss of power, a gateway that forgets its keys,"
        " clocks that differ, and under load every schedule but the few that were played."
    ),
    worth=200,
    topics={"purchases": 3},
    redis=True,
    gateway=True,
    schema=SCHEMA.with_name("sale.sql"),
    uses=("lab02_idempotency/charge", "lab03_failure/pause_s", "lab06_outbox/relay", "lab06_outbox/receive", "lab12_resilience/admit"),
)  # fmt: skip
