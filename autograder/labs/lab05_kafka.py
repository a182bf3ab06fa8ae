"""Lab 5: no message is lost, and none counts twice. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.backends.databases import SCHEMA
from autograder.explore.scenario import CRASH_FAULTS, EVICT, Scenario
from autograder.invariants import delivery as rule
from autograder.labs import lab05_scenarios as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab05_layout import LAYOUT
from autograder.labs.lab05_losses import SHEET as LOSSES
from autograder.labs.lab05_mistakes import MISTAKES

__all__ = ["LAB"]

DELIVERED = rule.every_message_has_its_effect.__name__
ONCE = rule.no_effect_happens_twice.__name__
IN_ORDER = rule.effects_keep_the_order_of_their_key.__name__
DONE = rule.the_work_gets_done.__name__
ASIDE = rule.poison_is_set_aside.__name__
FITS = rule.the_layout_fits.__name__
FORETOLD = rule.the_losses_are_foretold.__name__

CONSUMING = (
    rule.the_work_gets_done,
    rule.every_message_has_its_effect,
    rule.no_effect_happens_twice,
    rule.effects_keep_the_order_of_their_key,
)
SETTING_ASIDE = (
    rule.the_work_gets_done,
    rule.every_message_has_its_effect,
    rule.poison_is_set_aside,
    rule.no_effect_happens_twice,
    rule.effects_keep_the_order_of_their_key,
)
READ_CRASH = "The gap between effect and commit can only be moved"
READ_REBALANCE = "A group gives a Kafka partition to one consumer at a time"
READ_DEAD = "A message that can never be handled must not stop its key for ever"


def _consuming(name: str, function: str) -> Scenario:
    return Scenario(
        name=name,
        read=READ_CRASH,
        title="The warehouse reads three messages of two purchases",
        play=story.consume(function),
        input=("a1", "a2", "b1"),
        target="warehouse-1",
        faults=CRASH_FAULTS,
        rules=CONSUMING,
        needs=(function,),
    )


CONSUME = (
    _consuming("consume", "consume"),
    Scenario(
        name="busy",
        read="Order ends at the border of a Kafka partition",
        title="Six messages of three purchases, among them versions 9 and 10",
        play=story.consume("consume"),
        input=("a1", "c1", "a9", "e1", "a10", "c2"),
        target="warehouse-1",
        faults=(),
        rules=CONSUMING,
        needs=("consume",),
    ),
    Scenario(
        name="later",
        read=READ_CRASH,
        title="More messages come when everything was read",
        play=story.consume_later("consume"),
        input=("a1", "b1", "a2", "c1"),
        target="warehouse-1",
        faults=(),
        rules=CONSUMING,
        needs=("consume",),
    ),
    Scenario(
        name="replaced",
        read=READ_REBALANCE,
        title="A consumer loses its Kafka partitions with messages in flight, and goes on",
        play=story.replaced("consume"),
        input=("a1", "a2", "b1"),
        target="warehouse-1",
        faults=EVICT,
        rules=CONSUMING,
        needs=("consume",),
    ),
)

DEAD_LETTERS = (
    Scenario(
        name="poison",
        read=READ_DEAD,
        title="A message that orders a unicorn, and the next one of its purchase",
        play=story.consume("consume"),
        input=("a1x", "a2"),
        target="warehouse-1",
        faults=CRASH_FAULTS,
        rules=SETTING_ASIDE,
        needs=("consume",),
    ),
    Scenario(
        name="poisons",
        read=READ_DEAD,
        title="Two unicorns and an anvil, of three purchases",
        play=story.consume("consume"),
        input=("a1x", "b1x", "c1y", "a2", "c2"),
        target="warehouse-1",
        faults=(),
        rules=SETTING_ASIDE,
        needs=("consume",),
    ),
    Scenario(
        name="vase",
        read=READ_DEAD,
        title="A vase that can be packed at the third attempt",
        play=story.consume("consume"),
        input=("a1v", "a2", "b1"),
        target="warehouse-1",
        faults=(),
        rules=SETTING_ASIDE,
        needs=("consume",),
    ),
    Scenario(
        name="unreadable",
        read=READ_DEAD,
        title="Two messages that are no events at all",
        play=story.consume("consume"),
        input=("a1u", "a2", "b1w"),
        target="warehouse-1",
        faults=("kill-after",),
        rules=SETTING_ASIDE,
        needs=("consume",),
    ),
)

LAB = Lab(
    number=5,
    name="lab05_kafka",
    title="Delivered again, done once",
    day="day05_kafka",
    rules=(
        Rule(number=1, invariant=rule.every_message_has_its_effect, read=READ_CRASH),
        Rule(number=2, invariant=rule.no_effect_happens_twice, read=READ_CRASH),
        Rule(number=3, invariant=rule.effects_keep_the_order_of_their_key, read="Order ends at the border"),
        Rule(number=4, invariant=rule.the_work_gets_done, read="Lag is the distance to the end"),
        Rule(number=5, invariant=rule.poison_is_set_aside, read=READ_DEAD),
        Rule(number=6, invariant=rule.the_layout_fits, read="Choose the key for order"),
        Rule(number=7, invariant=rule.the_losses_are_foretold, read="acks=all means all that are in step"),
    ),
    tasks=(
        Task(
            name="naive",
            title="The naive version",
            function="naive_consume",
            scenarios=(_consuming("naive", "naive_consume"),),
            points={},
            outcomes=(),
            graded=False,
        ),
        Task(
            name="consume",
            title="A consumer that survives",
            function="consume",
            scenarios=CONSUME,
            points={DELIVERED: 18, ONCE: 15, IN_ORDER: 7, DONE: 5},
            outcomes=("O1", "O2", "O4"),
            minutes=35,
        ),
        Task(
            name="dead_letters",
            title="Dead letters",
            function="set_aside",
            scenarios=DEAD_LETTERS,
            points={ASIDE: 15, DELIVERED: 6, IN_ORDER: 5, DONE: 4},
            outcomes=("O2", "O4", "O5"),
            minutes=25,
        ),
        Task(
            name="layout",
            title="A key and a number",
            function="layout",
            scenarios=(LAYOUT,),
            points={FITS: 10},
            outcomes=("O2", "O5"),
            stretch=True,
            minutes=20,
        ),
        Task(
            name="losses",
            title="What a leader takes with it",
            function="losses",
            scenarios=(LOSSES,),
            points={FORETOLD: 15},
            outcomes=("O1", "O5"),
            stretch=True,
            minutes=25,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a loss of power, a broker that dies under a consumer, clock skew, three consumers"
        " at once, two crashes, what a process remembers from one call to the next."
    ),
    topics={"purchases": 3, "purchases-dead": 1, "parcels": 1},
    schema=SCHEMA.with_name("packing.sql"),
)
