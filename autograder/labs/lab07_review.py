"""Lab 7: correct parts and a correct whole. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autograder.backends.databases import SCHEMA
from autograder.explore.pairs import NO_PAIRS, Pairs
from autograder.explore.scenario import Scenario
from autograder.invariants import checkout as rule
from autograder.labs import lab07_pipelines
from autograder.labs import lab07_scenarios as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab07_mistakes import MISTAKES

__all__ = ["LAB"]

PREDICTED = rule.the_predictions_are_what_running_shows.__name__
MONEY = rule.money_and_order_go_together.__name__
UNPAID = rule.nothing_leaves_unpaid.__name__
SHELF = rule.the_shelf_adds_up.__name__
TRULY = rule.everybody_is_answered_truly.__name__

WHOLE = (rule.everybody_is_answered_truly, rule.money_and_order_go_together, rule.nothing_leaves_unpaid, rule.the_shelf_adds_up)
KILLED = ("kill-before", "kill-after")
KILLED_AFTER = ("kill-after",)
"""Killed before a call leaves in the backends what killed after the call before it does: where stories are many, one will do."""
AGAIN = Pairs(said="killed, and killed again after each call of its recovery")
"""The fixed set of pairs: who is killed once is killed a second time while it recovers."""

TRUTH = "Four questions, and none of them has a product for an answer"
WRITE_FIRST = "Write down what you are about to do"
RECOVERY = "The recovery is a program, and it is killed too"


def _checkout(name: str, title: str, function: str, *words: str, faults: tuple[str, ...]) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        play=story.asked_again(function),
        input=words,
        target="checkout-1",
        faults=faults,
        rules=WHOLE,
        needs=(function,),
        read=WRITE_FIRST,
    )


def _recovery(
    name: str, title: str, *words: str, faults: tuple[str, ...], pairs: Pairs = NO_PAIRS, target: str = "checkout-1"
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        play=story.recovered("checkout", "recover"),
        input=words,
        target=target,
        faults=faults,
        pairs=pairs,
        rules=WHOLE,
        needs=("checkout", "recover"),
        read=RECOVERY,
    )


LAB = Lab(
    number=7,
    name="lab07_review",
    title="Correct parts, correct whole",
    day="day07_review",
    rules=(
        Rule(number=1, invariant=rule.the_predictions_are_what_running_shows, read=TRUTH),
        Rule(number=2, invariant=rule.money_and_order_go_together, read=WRITE_FIRST),
        Rule(number=3, invariant=rule.nothing_leaves_unpaid, read=WRITE_FIRST),
        Rule(number=4, invariant=rule.the_shelf_adds_up, read=RECOVERY),
        Rule(number=5, invariant=rule.everybody_is_answered_truly, read=RECOVERY),
    ),
    tasks=(
        Task(
            name="naive",
            title="The naive checkout",
            function="naive_checkout",
            scenarios=(
                replace(
                    _checkout("naive", "Ada buys two lamps, and asks until she is answered", "naive_checkout", "p1", faults=KILLED),
                    rules=(rule.everybody_is_answered_truly, rule.money_and_order_go_together, rule.nothing_leaves_unpaid),
                ),
            ),
            points={},
            outcomes=(),
            graded=False,
        ),
        Task(
            name="pipelines",
            title="Twelve pipelines",
            function="pipelines",
            scenarios=(lab07_pipelines.SHEET,),
            points={PREDICTED: 36},
            outcomes=("O1", "O3", "O5"),
            minutes=20,
        ),
        Task(
            name="checkout",
            title="The checkout",
            function="checkout",
            scenarios=(
                _checkout("checkout", "Ada buys two lamps, and asks until she is answered", "checkout", "p1", faults=(*KILLED, "cut-after")),
                _checkout("no-money", "Bao's card is declined; he asks until he is answered", "checkout", "d2", faults=KILLED_AFTER),
                _checkout("sold-out", "Cleo wants what is sold out; she asks until she is answered", "checkout", "s3", faults=KILLED_AFTER),
            ),
            points={MONEY: 12, UNPAID: 4, SHELF: 6, TRULY: 8},
            outcomes=("O2", "O4", "O5"),
            minutes=20,
        ),
        Task(
            name="recover",
            title="The recovery",
            function="recover",
            scenarios=(
                _recovery("recover", "Ada checks out and never asks again", "p1", faults=KILLED, pairs=AGAIN),
                _recovery("declined", "Bao's card is declined, and he never asks again", "d2", faults=KILLED_AFTER, pairs=AGAIN),
                _recovery("relay", "Ada's order is on its way, and the relay is killed", "p1", faults=KILLED_AFTER, target="relay-1"),
                _recovery(
                    "warehouse", "Ada's order is on its way, and the warehouse is killed", "p1", faults=KILLED_AFTER, target="warehouse-1"
                ),
            ),
            points={MONEY: 14, UNPAID: 6, SHELF: 8, TRULY: 6},
            outcomes=("O2", "O4", "O5"),
            minutes=20,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: two checkouts of one purchase at the same time, three kills, a loss of power,"
        " a gateway that forgets its keys, a Kafka broker that dies."
    ),
    topics={"purchases": 3},
    gateway=True,
    schema=Path(SCHEMA).with_name("checkout.sql"),
    uses=("lab02_idempotency/charge", "lab06_outbox/place_order", "lab06_outbox/relay", "lab06_outbox/receive"),
)  # fmt: skip
