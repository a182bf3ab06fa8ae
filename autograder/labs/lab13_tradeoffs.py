"""Lab 13: decide, and say the number. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.invariants import tradeoffs as rule
from autograder.labs.lab import Lab, Outcome, Rule, Task
from autograder.labs.lab13_mistakes import MISTAKES
from autograder.labs.lab13_records import DecisionRecord, LimitSheet

__all__ = ["LAB"]

MEETS = rule.the_decision_meets_its_slo.__name__
TRUE = rule.the_numbers_come_true.__name__
AGREES = rule.the_record_agrees_with_itself.__name__
LIMIT = rule.the_limit_is_where_it_is_said.__name__

NUMBER = "A trade-off is a scenario with a number"
RECORD = "Write down what would change your mind"
READ = {
    "shape": "Four processes fail in more ways than one",
    "talk": "A queue moves the waiting, it does not remove it",
    "reads": "How stale is a number, and so is how slow",
    "calls": "Every second attempt is somebody else's load",
}
"""Where the day explains each decision."""


def _record(decision: str, function: str, title: str) -> DecisionRecord:
    return DecisionRecord(
        name=function.replace("_", "-"), title=title, function=function, decision=decision, read=READ[decision], needs=(function,)
    )


def _task(decision: str, title: str, played: str, outcomes: tuple[Outcome, ...], minutes: int) -> Task:
    return Task(
        name=decision,
        title=title,
        function=decision,
        scenarios=(_record(decision, decision, played),),
        points={MEETS: 7, TRUE: 11, AGREES: 2},
        outcomes=outcomes,
        minutes=minutes,
    )


LAB = Lab(
    number=13,
    name="lab13_tradeoffs",
    title="Decide, and say the number",
    day="day13_tradeoffs",
    rules=(
        Rule(number=1, invariant=rule.the_decision_meets_its_slo, read=NUMBER),
        Rule(number=2, invariant=rule.the_numbers_come_true, read=NUMBER),
        Rule(number=3, invariant=rule.the_record_agrees_with_itself, read=RECORD),
        Rule(number=4, invariant=rule.the_limit_is_where_it_is_said, read=RECORD),
    ),
    tasks=(
        Task(
            name="naive",
            title="The naive version",
            function="naive_shape",
            scenarios=(_record("shape", "naive_shape", "A year of a checkout under tomorrow's load"),),
            points={},
            outcomes=(),
            graded=False,
        ),
        _task("shape", "Monolith or services", "A year of a checkout under tomorrow's load", ("O3", "O5"), 20),
        _task("talk", "Synchronous or asynchronous", "Half an hour in which the warehouse is away for a while", ("O2", "O5"), 15),
        _task("reads", "Consistency or performance", "60,000 reads of the stock, while it is written", ("O1", "O5"), 15),
        _task("calls", "Latency or reliability", "200,000 payments on a bad day of the payment service", ("O2", "O5"), 15),
        Task(
            name="limits",
            title="What would change your mind",
            function="limits",
            scenarios=(
                LimitSheet(
                    name="limits",
                    title="Each decision, a little below its limit and a little above it",
                    function="limits",
                    read=RECORD,
                    needs=("limits",),
                ),
            ),
            points={LIMIT: 20},
            outcomes=("O3", "O5"),
            stretch=True,
            minutes=40,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: queues below the limit of a shape, crashes that come together, attempts that fail"
        " for one common reason, people who change the code, an SLO that asks for the wrong thing."
    ),
)
