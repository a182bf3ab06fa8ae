"""Lab 2: one wish, one charge. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.backends.databases import SCHEMA
from autograder.explore.scenario import CRASH_FAULTS, Scenario
from autograder.explore.schedules import ScheduleScenario
from autograder.invariants import payments as rule
from autograder.labs import lab02_scenarios as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab02_mistakes import MISTAKES

__all__ = ["LAB"]

ONCE, SAME, TRUE, KEEPS, DONE, NOTED = (rule.RULES[number] for number in range(1, 7))

PAYING = (
    rule.one_wish_one_charge,
    rule.every_answer_is_true,
    rule.the_same_key_gets_the_same_answer,
    rule.every_buyer_is_answered,
)
NOTING = (*PAYING, rule.nothing_is_taken_without_a_note)

UNKNOWN = "No answer is not a no"
KEY = "A retry without a key is a second order"
STORED = "The answer belongs to the key"
OPEN = "What is open must be written down before it is asked"
LOOK = "Who looks before he leaps leaps twice"
WINDOW = "Every memory of keys has an end"


def _paying(name: str, function: str) -> tuple[Scenario, ...]:
    return (
        Scenario(
            name=name,
            read=KEY,
            title="Ada pays; her browser asks again, at once and a day later",
            play=story.pay(function),
            input=("a1",),
            target="checkout-1",
            faults=CRASH_FAULTS,
            rules=PAYING,
            needs=(function,),
        ),
        Scenario(
            name=f"{name}-many",
            read=STORED,
            title="Ada pays in two equal parts, Bao's card is declined, Zoë O'Brien pays a cent; all ask again",
            play=story.pay(function),
            input=("a1", "a2", "b1x", "z1"),
            target="checkout-1",
            faults=(),
            rules=PAYING,
            needs=(function,),
        ),
        Scenario(
            name=f"{name}-doubt",
            read=UNKNOWN,
            title="The gateway hangs up on Ada, drops Bao's request, is late with Chidi's, takes nothing on for Dina",
            play=story.pay(function),
            input=("a1h", "b1d", "c1l", "d1u"),
            target="checkout-1",
            faults=(),
            rules=PAYING,
            needs=(function,),
        ),
        Scenario(
            name=f"{name}-silent",
            read=UNKNOWN,
            title="The gateway charges Ada and never answers",
            play=story.pay(function),
            input=("a1s",),
            target="checkout-1",
            faults=(),
            rules=PAYING,
            needs=(function,),
        ),
    )


REUSE = (
    Scenario(
        name="reuse",
        read=STORED,
        title="Ada's key comes again with another amount",
        play=story.reuse("charge"),
        input=("a1",),
        target="checkout-1",
        faults=CRASH_FAULTS,
        rules=(rule.a_key_keeps_its_first_body, rule.one_wish_one_charge, rule.every_answer_is_true),
        needs=("charge",),
    ),
)

RECONCILE = (
    Scenario(
        name="open",
        read=OPEN,
        title="Ada never comes back; the reconciler comes by",
        play=story.left_open("charge", "reconcile"),
        input=("a1",),
        target="checkout-1",
        faults=CRASH_FAULTS,
        rules=NOTING,
        needs=("charge", "reconcile"),
    ),
    Scenario(
        name="open-declined",
        read=OPEN,
        title="Ada's card is declined, and she never comes back",
        play=story.left_open("charge", "reconcile"),
        input=("a1x",),
        target="checkout-1",
        faults=("kill-after", "cut-after"),
        rules=NOTING,
        needs=("charge", "reconcile"),
    ),
    Scenario(
        name="doubt",
        read=UNKNOWN,
        title="The gateway hangs up on Ada, drops Bao's request and is late with Chidi's; the reconciler finds out",
        play=story.left_open("charge", "reconcile"),
        input=("a1h", "b1d", "c1l"),
        target="reconciler-1",
        faults=CRASH_FAULTS,
        rules=NOTING,
        needs=("charge", "reconcile"),
    ),
)

_calls, _finish = story.together("charge")
TOGETHER = (
    ScheduleScenario(
        name="together",
        title="A double click: two copies of one payment at the same moment",
        input=("a1",),
        prepare=lambda stage: None,
        calls=_calls,
        finish=_finish,
        rules=PAYING,
        needs=("charge",),
        read=LOOK,
    ),
)

TOMORROW = (
    Scenario(
        name="tomorrow",
        read=WINDOW,
        title="Ada's first attempt is struck; she comes back a day later, when the gateway has forgotten her key",
        play=story.again_tomorrow("charge"),
        input=("a1",),
        target="checkout-1",
        faults=CRASH_FAULTS,
        rules=PAYING,
        needs=("charge",),
    ),
    Scenario(
        name="tomorrow-doubt",
        read=WINDOW,
        title="The gateway leaves three buyers in doubt; all come back a day later",
        play=story.again_tomorrow("charge"),
        input=("a1h", "b1d", "c1l"),
        target="checkout-1",
        faults=(),
        rules=PAYING,
        needs=("charge",),
    ),
)

LAB = Lab(
    number=2,
    name="lab02_idempotency",
    title="One wish, one charge",
    day="day02_idempotency",
    rules=(
        Rule(number=1, invariant=rule.one_wish_one_charge, read=KEY),
        Rule(number=2, invariant=rule.the_same_key_gets_the_same_answer, read=STORED),
        Rule(number=3, invariant=rule.every_answer_is_true, read=UNKNOWN),
        Rule(number=4, invariant=rule.a_key_keeps_its_first_body, read=STORED),
        Rule(number=5, invariant=rule.every_buyer_is_answered, read=UNKNOWN),
        Rule(number=6, invariant=rule.nothing_is_taken_without_a_note, read=OPEN),
    ),
    tasks=(
        Task(
            name="naive",
            title="The naive version",
            function="naive_charge",
            scenarios=_paying("naive", "naive_charge")[:1],
            points={},
            outcomes=(),
            graded=False,
        ),
        Task(
            name="charge",
            title="The same key, the same answer, one charge",
            function="charge",
            scenarios=_paying("pay", "charge"),
            points={ONCE: 14, SAME: 7, TRUE: 7, DONE: 7},
            outcomes=("O1", "O2", "O4"),
            minutes=25,
        ),
        Task(
            name="refuse",
            title="A key that is spoken for",
            function="charge",
            scenarios=REUSE,
            points={KEEPS: 10, ONCE: 2},
            outcomes=("O1", "O4"),
            minutes=10,
        ),
        Task(
            name="reconcile",
            title="What became of it?",
            function="reconcile",
            scenarios=RECONCILE,
            points={NOTED: 20, DONE: 4, ONCE: 2, TRUE: 2},
            outcomes=("O1", "O2", "O4"),
            minutes=25,
        ),
        Task(
            name="together",
            title="A double click",
            function="charge",
            scenarios=TOGETHER,
            points={ONCE: 5, SAME: 3, DONE: 2},
            outcomes=("O1", "O4"),
            stretch=True,
            minutes=15,
        ),
        Task(
            name="tomorrow",
            title="When the gateway has forgotten",
            function="charge",
            scenarios=TOMORROW,
            points={ONCE: 8, TRUE: 3, DONE: 4},
            outcomes=("O2", "O4", "O5"),
            stretch=True,
            minutes=25,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a loss of power, a gateway that breaks its contract, a second Postgres, more"
        " than two attempts at once, a buyer who chooses a new key for an old wish."
    ),
    gateway=True,
    schema=SCHEMA.with_name("payment.sql"),
)
