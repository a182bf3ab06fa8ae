"""Lab 10: not one lamp more than there is. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.backends.databases import SCHEMA
from autograder.explore.schedules import ScheduleScenario
from autograder.invariants import Invariant
from autograder.invariants import stock as rule
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab10_anomalies import SHEET
from autograder.labs.lab10_mistakes import MISTAKES
from autograder.labs.lab10_pages import INDEX, PAGES, READ_INDEX, READ_N1
from autograder.labs.lab10_pool import POOL
from autograder.labs.lab10_scenarios import Basket, meeting

__all__ = ["LAB"]

NEVER_MORE = rule.never_more_than_there_is.__name__
TRUE = rule.the_answer_is_true.__name__
SOLD = rule.what_can_be_sold_is_sold.__name__
PRICE = rule.each_price_fits_its_unit.__name__
NO_WAIT = rule.nobody_waits_for_a_look.__name__
NO_DEADLOCK = rule.no_cart_meets_a_deadlock.__name__
ONE_LOOK = rule.nobody_looks_twice.__name__

TWO_STATEMENTS = rule.a_page_takes_two_statements.__name__
RIGHT_PAGE = rule.the_page_is_right.__name__
FEW_ROWS = rule.few_rows_are_read.__name__
FEW_CONNECTIONS = rule.few_connections_serve_everybody.__name__
PREDICTED = rule.the_predictions_are_right.__name__

SELLING = (rule.never_more_than_there_is, rule.the_answer_is_true, rule.what_can_be_sold_is_sold)
LAMP: Basket = (("lamp", 1),)
TWO_LAMPS: Basket = (("lamp", 2),)
LAMP_AND_MUG: Basket = (("lamp", 1), ("mug", 1))
MUG_AND_LAMP: Basket = (("mug", 1), ("lamp", 1))
THREE: tuple[Basket, Basket] = (
    (("lamp", 1), ("vase", 1), ("sofa", 1)),
    (("sofa", 1), ("lamp", 1), ("vase", 1)),
)

OVERSELL = "One order in twelve is safe"
OPTIMISTIC = "Four ways to close the gap"
PESSIMISTIC = OPTIMISTIC
DEADLOCK = "Two baskets, two orders, no way out"


def _reserving(name: str, function: str) -> tuple[ScheduleScenario, ...]:
    return (
        meeting(f"{name}-last", "Two buyers want the last lamp", function, "l1", LAMP, LAMP, rules=SELLING, read=OVERSELL),
        meeting(f"{name}-enough", "Two buyers, three lamps", function, "l3", LAMP, LAMP, rules=SELLING, read=OVERSELL),
        meeting(
            f"{name}-pairs", "Two buyers want two lamps each, of three", function, "l3", TWO_LAMPS, TWO_LAMPS,
            rules=SELLING, read=OVERSELL,
        ),
    )  # fmt: skip


def _three_buyers(
    name: str, function: str, title: str, shelf: str, *baskets: Basket, rules: tuple[Invariant, ...] = SELLING, read: str
) -> ScheduleScenario:
    """Further coverage: no rule earns points by it alone, and who was second to wait is up to Postgres."""
    return meeting(name, title, function, shelf, *baskets, rules=rules, read=read, preemptions_max=1)


def _pricing(
    name: str, function: str, *more: rule.Invariant, read: str, looks_max: int = 1
) -> tuple[ScheduleScenario, ...]:
    rules = (*SELLING, rule.each_price_fits_its_unit, *more)
    return (
        meeting(
            f"{name}-last", "Two buyers want the last lamp", function, "l1", LAMP, LAMP,
            rules=rules, read=read, looks_max=looks_max,
        ),
        meeting(
            f"{name}-enough", "Two buyers, three lamps", function, "l3", LAMP, LAMP,
            rules=rules, read=read, looks_max=looks_max,
        ),
    )  # fmt: skip


def _carts(name: str, function: str) -> tuple[ScheduleScenario, ...]:
    rules = (*SELLING, rule.no_cart_meets_a_deadlock)
    return (
        meeting(
            f"{name}-crossed", "Two baskets, packed in different orders", function, "l2m2", LAMP_AND_MUG, MUG_AND_LAMP,
            rules=rules, read=DEADLOCK,
        ),
        meeting(
            f"{name}-last-mug", "Two baskets, and one mug", function, "l2m1", LAMP_AND_MUG, MUG_AND_LAMP,
            rules=rules, read=DEADLOCK,
        ),
        meeting(
            f"{name}-one-of-two", "A basket and a single lamp, of which there is one", function, "l1m0", LAMP_AND_MUG, LAMP,
            rules=rules, read=DEADLOCK,
        ),
        meeting(
            f"{name}-three", "Two baskets with three items each", function, "l2v2s2", *THREE, rules=rules, read=DEADLOCK
        ),
        _three_buyers(
            f"{name}-buyers", function, "Three baskets of a lamp and a mug, and two mugs", "l3m2", *[LAMP_AND_MUG] * 3,
            rules=rules, read=DEADLOCK,
        ),
    )  # fmt: skip


LAB = Lab(
    number=10,
    name="lab10_locking",
    title="Not one lamp more than there is",
    day="day10_locking",
    rules=(
        Rule(number=1, invariant=rule.never_more_than_there_is, read=OVERSELL),
        Rule(number=2, invariant=rule.the_answer_is_true, read=OVERSELL),
        Rule(number=3, invariant=rule.what_can_be_sold_is_sold, read=OVERSELL),
        Rule(number=4, invariant=rule.each_price_fits_its_unit, read=OPTIMISTIC),
        Rule(number=5, invariant=rule.nobody_waits_for_a_look, read=OPTIMISTIC),
        Rule(number=6, invariant=rule.no_cart_meets_a_deadlock, read=DEADLOCK),
        Rule(number=7, invariant=rule.nobody_looks_twice, read=PESSIMISTIC),
        Rule(number=8, invariant=rule.a_page_takes_two_statements, read=READ_N1),
        Rule(number=9, invariant=rule.the_page_is_right, read=READ_N1),
        Rule(number=10, invariant=rule.few_rows_are_read, read=READ_INDEX),
        Rule(number=11, invariant=rule.few_connections_serve_everybody, read=POOL.read),
        Rule(number=12, invariant=rule.the_predictions_are_right, read=SHEET.read),
    ),
    tasks=(
        Task(
            name="naive", title="The naive version", function="naive_reserve",
            scenarios=_reserving("naive", "naive_reserve")[:1], points={}, outcomes=(), graded=False,
        ),
        Task(
            name="reserve", title="The last lamp", function="reserve",
            scenarios=(
                *_reserving("reserve", "reserve"),
                _three_buyers(
                    "reserve-three", "reserve", "Three buyers, three lamps", "l3", LAMP, LAMP, LAMP, read=OVERSELL
                ),
            ),
            points={NEVER_MORE: 10, TRUE: 4, SOLD: 6}, outcomes=("O1", "O4"), minutes=15,
        ),
        Task(
            name="reserve_optimistic", title="A price that must still be true", function="reserve_optimistic",
            scenarios=_pricing(
                "optimist", "reserve_optimistic", rule.nobody_waits_for_a_look, read=OPTIMISTIC
            ),
            points={NEVER_MORE: 5, TRUE: 2, SOLD: 4, PRICE: 5, NO_WAIT: 4}, outcomes=("O1", "O4", "O5"), minutes=20,
        ),
        Task(
            name="reserve_cart", title="Two items, all or nothing", function="reserve_cart",
            scenarios=_carts("cart", "reserve_cart"),
            points={NEVER_MORE: 6, TRUE: 4, SOLD: 4, NO_DEADLOCK: 6}, outcomes=("O1", "O2", "O4"), minutes=25,
        ),
        Task(
            name="reserve_pessimistic", title="Lock, then look", function="reserve_pessimistic",
            scenarios=_pricing("pessimist", "reserve_pessimistic", rule.nobody_looks_twice, read=PESSIMISTIC),
            points={NEVER_MORE: 1, TRUE: 1, SOLD: 2, PRICE: 2, ONE_LOOK: 2}, outcomes=("O4", "O5"), stretch=True, minutes=15,
        ),
        Task(
            name="orders_of", title="A page in two statements", function="orders_of", scenarios=PAGES,
            points={RIGHT_PAGE: 3, TWO_STATEMENTS: 5}, outcomes=("O4",), stretch=True, minutes=20,
        ),
        Task(
            name="index", title="The missing index", function="index_for_open_orders", scenarios=(INDEX,),
            points={FEW_ROWS: 8}, outcomes=("O4", "O5"), stretch=True, minutes=10,
        ),
        Task(
            name="pool", title="Many requests, two connections", function="serve", scenarios=(POOL,),
            points={FEW_CONNECTIONS: 8}, outcomes=("O4",), stretch=True, minutes=20,
        ),
        Task(
            name="anomalies", title="What each isolation level admits", function="anomalies", scenarios=(SHEET,),
            points={PREDICTED: 8}, outcomes=("O1", "O3"), stretch=True, minutes=15,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: more than three buyers at once, three with more than one preemption, a crash"
        " in the middle, a switch inside one statement, a Postgres that fails over, how long a buyer waits."
    ),
    schema=SCHEMA.with_name("stock.sql"),
)  # fmt: skip
