"""Lab 3: a gateway that answers in 15 seconds, sometimes, or never. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from typing import Any

from autograder.explore.virtual import LOSSES, VirtualScenario
from autograder.invariants import failure as rule
from autograder.labs import lab03_scenarios as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab03_mistakes import MISTAKES

__all__ = ["LAB"]

ANSWERED = rule.buyers_are_answered_in_time.__name__
ONCE = rule.charged_once_and_told_the_truth.__name__
NOT_AGAIN = rule.what_cannot_succeed_is_asked_once.__name__
SERVED = rule.whoever_can_be_served_is_served.__name__
LOAD = rule.a_failing_gateway_is_not_flooded.__name__
SPREAD = rule.pauses_are_spread.__name__
QUIET = rule.an_open_breaker_keeps_quiet.__name__

PAYING = (
    rule.buyers_are_answered_in_time,
    rule.charged_once_and_told_the_truth,
    rule.what_cannot_succeed_is_asked_once,
    rule.whoever_can_be_served_is_served,
)
UNDER_LOAD = (
    rule.a_failing_gateway_is_not_flooded,
    rule.whoever_can_be_served_is_served,
    rule.buyers_are_answered_in_time,
    rule.charged_once_and_told_the_truth,
)
LETTERS = ("k1", "c2", "b3", "l4", "n5", "u6", "h7", "d8")

ATTEMPTS = "Every attempt needs a timeout"
TIMEOUTS = "Every wait needs an end"
UNKNOWN = "A timeout does not mean that it did not happen"
JITTER = "Clients that fail together come back together"
BUDGET = "A retry is a loan"
BREAKER = "A breaker remembers"
LAYERS = "Three layers of three attempts"
METASTABLE = "The cause is gone and the failure stays"


def _script(name: str, function: str, words: tuple[str, ...], faults: tuple[str, ...]) -> VirtualScenario:
    return VirtualScenario(
        name=name,
        title="Eight buyers, one by one: the gateway answers, refuses, takes 15 s, breaks, or says nothing",
        play=story.script(function),
        input=words,
        target="checkout-1",
        faults=faults,
        rules=PAYING,
        needs=(function,),
        stuck=ANSWERED,
    )


def _load(name: str, title: str, play: Any, words: tuple[str, ...], needs: tuple[str, ...], **more: Any) -> VirtualScenario:
    settings = {"rules": UNDER_LOAD, "target": "checkout-1", "stuck": ANSWERED, **more}
    return VirtualScenario(name=name, title=title, play=play, input=words, needs=needs, **settings)


CROWD = VirtualScenario(
    name="crowd",
    title="Buyers whose calls failed in the same instant draw their pauses",
    play=story.crowd("pauses"),
    input=("r1", "r2", "r3", "r4", "r5", "r6"),
    target="checkout-1",
    faults=(),
    rules=(rule.pauses_are_spread,),
    needs=("pause_s",),
)

PAY = (
    _script("pay", "pay", LETTERS, LOSSES),
    _load(
        "busy",
        "800 buyers in 40 s; the gateway fails 1 call in 20",
        story.busy("pay"),
        ("shop",),
        ("pay",),
        read=ATTEMPTS,
        rules=UNDER_LOAD[1:],
        seeds=2,
    ),
)

OUTAGES = tuple(
    _load(name, title, story.outage("pay", word), (word,), ("pay", "may_call"), seeds=2)
    for name, word, title in (
        ("outage", "stands", "The gateway stands still for 30 s, and then finds a full queue"),
        ("outage-slow", "slow", "For 30 s every answer of the gateway takes 15 s"),
    )
)

BREAKING = (
    _load(
        "breaker",
        "Calls go through the breaker: a calm shop, declined cards, an outage, a recovery",
        story.breaker("guarded_pay"),
        ("stands",),
        ("guarded",),
        rules=(rule.an_open_breaker_keeps_quiet, rule.whoever_can_be_served_is_served),
        seeds=2,
        stuck=SERVED,
    ),
)

LAYERED = (
    _load(
        "layers",
        "Orders ask payments, payments ask the gateway, which stands still for 30 s",
        story.layers("order"),
        ("stands",),
        ("order", "pay", "may_call"),
        read=LAYERS,
        target="orders-1",
    ),
)

LAB = Lab(
    number=3,
    name="lab03_failure",
    title="Every buyer gets an answer",
    day="day03_failure",
    rules=(
        Rule(number=1, invariant=rule.buyers_are_answered_in_time, read=TIMEOUTS),
        Rule(number=2, invariant=rule.charged_once_and_told_the_truth, read=UNKNOWN),
        Rule(number=3, invariant=rule.what_cannot_succeed_is_asked_once, read=BUDGET),
        Rule(number=4, invariant=rule.whoever_can_be_served_is_served, read=METASTABLE),
        Rule(number=5, invariant=rule.a_failing_gateway_is_not_flooded, read=BUDGET),
        Rule(number=6, invariant=rule.pauses_are_spread, read=JITTER),
        Rule(number=7, invariant=rule.an_open_breaker_keeps_quiet, read=BREAKER),
    ),
    tasks=(
        Task(
            name="naive",
            title="The naive version",
            function="naive_pay",
            scenarios=(_script("naive", "naive_pay", LETTERS, ()),),
            points={},
            outcomes=(),
            graded=False,
        ),
        Task(
            name="pause_s",
            title="The pause before a retry",
            function="pause_s",
            scenarios=(CROWD,),
            points={SPREAD: 10},
            outcomes=("O1", "O4"),
            minutes=10,
        ),
        Task(
            name="pay",
            title="One payment, two seconds",
            function="pay",
            scenarios=PAY,
            points={ANSWERED: 12, ONCE: 13, NOT_AGAIN: 5, SERVED: 10},
            outcomes=("O1", "O2", "O4"),
            minutes=30,
        ),
        Task(
            name="may_call",
            title="A budget for retries",
            function="may_call",
            scenarios=OUTAGES,
            points={SERVED: 10, LOAD: 15},
            outcomes=("O2", "O4", "O5"),
            minutes=20,
        ),
        Task(
            name="guarded",
            title="A circuit breaker",
            function="guarded",
            scenarios=BREAKING,
            points={SERVED: 4, QUIET: 11},
            outcomes=("O2", "O4"),
            stretch=True,
            minutes=30,
        ),
        Task(
            name="order",
            title="Two layers that do not multiply",
            function="order",
            scenarios=LAYERED,
            points={ANSWERED: 2, SERVED: 3, LOAD: 5},
            outcomes=("O1", "O2", "O5"),
            stretch=True,
            minutes=30,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a checkout that is killed, clock skew, a gateway that charges twice by itself,"
        " more than 20 buyers a second, other outages than these two, a computer that is busy (computing costs no time here)."
    ),
)
