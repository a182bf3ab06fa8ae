"""Lab 2: one wish, one charge. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.backends.databases import SCHEMA
from autograder.explore.scenario import CRASH_FAULTS, Scenario
from autograder.explore.schedules import ScheduleScenario
from autograder.invariants import payments as rule
from autograder.invariants import sessions
from autograder.labs import lab02_scenarios as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab02_mistakes import MISTAKES
from autograder.labs.lab02_replica import LOOKING

__all__ = ["LAB"]

ONCE, SAME, TRUE, KEEPS, DONE, NOTED = (rule.RULES[number] for number in range(1, 7))
OWN = sessions.a_buyer_sees_his_own_write.__name__
LATER = sessions.a_second_look_is_never_older.__name__
SHARE = sessions.the_replica_does_its_share.__name__

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
REPLICA = "A replica tells the truth, later"


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


def _reusing(name: str, what: str, faults: tuple[str, ...] = (), **another: object) -> Scenario:
    return Scenario(
        name=name,
        read=STORED,
        title=f"Ada's key comes again with another {what}",
        play=story.reuse("charge", **another),
        input=("a1",),
        target="checkout-1",
        faults=faults,
        rules=(rule.a_key_keeps_its_first_body, rule.one_wish_one_charge, rule.every_answer_is_true),
        needs=("charge",),
    )


REUSE = (
    _reusing("reuse", "amount", CRASH_FAULTS, amount=500),
    _reusing("reuse-purchase", "purchase", purchase_id="p-b"),
    _reusing("reuse-buyer", "buyer", buyer="Bao"),
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
    Scenario(
        name="doubt-two",
        read=UNKNOWN,
        title="Ada pays in two equal parts: the gateway hangs up on the first and drops the second; the reconciler finds out",
        play=story.left_open("charge", "reconcile"),
        input=("a1h", "a2d"),
        target="reconciler-1",
        faults=(),
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
    Scenario(
        name="tomorrow-two",
        read=WINDOW,
        title="Ada pays in two equal parts: the gateway drops the first and takes the second; she comes back for both a day later",
        play=story.again_tomorrow("charge"),
        input=("a1d", "a2"),
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
        Rule(number=7, invariant=sessions.a_buyer_sees_his_own_write, read=REPLICA),
        Rule(number=8, invariant=sessions.a_second_look_is_never_older, read=REPLICA),
        Rule(number=9, invariant=sessions.the_replica_does_its_share, read=REPLICA),
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
            points={ONCE: 3, SAME: 2, DONE: 2},
            outcomes=("O1", "O4"),
            stretch=True,
            minutes=15,
        ),
        Task(
            name="tomorrow",
            title="When the gateway has forgotten",
            function="charge",
            scenarios=TOMORROW,
            points={ONCE: 5, TRUE: 2, DONE: 3},
            outcomes=("O2", "O4", "O5"),
            stretch=True,
            minutes=25,
        ),
        Task(
            name="look",
            title="A page that reads elsewhere",
            function="look",
            scenarios=LOOKING,
            points={OWN: 3, LATER: 3, SHARE: 2},
            outcomes=("O1", "O3", "O5"),
            stretch=True,
            minutes=25,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a loss of power, a gateway that breaks its contract, a second Postgres, more"
        " than two attempts at once, a buyer who chooses a new key for an old wish, a gateway that stays away, a struck"
        " attempt with a declined card that is repeated a day later, two replicas, a replica that dies."
    ),
    gateway=True,
    schema=SCHEMA.with_name("payment.sql"),
)
