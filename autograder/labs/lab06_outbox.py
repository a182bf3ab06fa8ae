"""Lab 6: no order without its message. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.explore.scenario import CRASH_FAULTS, PAUSE, Scenario
from autograder.invariants import outbox as rule
from autograder.labs import lab06_scenarios as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab06_mistakes import MISTAKES

__all__ = ["LAB"]

TOGETHER = rule.order_and_message_together.__name__
PUBLISHED = rule.nothing_committed_stays_unpublished.__name__
IN_ORDER = rule.first_appearances_in_order.__name__
ONCE = rule.repeated_takes_effect_once.__name__
DONE = rule.the_work_gets_done.__name__
CLEAN = rule.cleaning_disturbs_nobody.__name__
ALONE = rule.the_younger_relay_is_alone.__name__

ORDERING = (rule.the_work_gets_done, rule.order_and_message_together, rule.repeated_takes_effect_once)
RELAYING = (rule.the_work_gets_done, rule.nothing_committed_stays_unpublished, rule.first_appearances_in_order)
SHIPPING = (rule.the_work_gets_done, rule.repeated_takes_effect_once)
CLEANING = (rule.the_work_gets_done, rule.cleaning_disturbs_nobody)


def _placing(name: str, function: str) -> tuple[Scenario, ...]:
    return (
        Scenario(
            name=name,
            read="Two systems, no common commit",
            title="Two buyers order; the first one's browser asks again",
            play=story.place(function),
            input=("p1", "p2"),
            target="checkout-1",
            faults=CRASH_FAULTS,
            rules=ORDERING,
            needs=(function,),
        ),
        Scenario(
            name=f"{name}-twice",
            read="Two systems, no common commit",
            title="A double click: one command reaches two checkouts",
            play=story.place_twice(function),
            input=("p1",),
            target="checkout-1",
            faults=PAUSE,
            rules=ORDERING,
            needs=(function,),
        ),
        Scenario(
            name=f"{name}-again",
            read="Two systems, no common commit",
            title="Zoë O'Brien orders, Ada orders the same lamp twice, and all ask again when it is paid",
            play=story.place_again(function),
            input=("p1", "p5", "p6"),
            target="checkout-1",
            faults=(),
            rules=ORDERING,
            needs=(function,),
        ),
    )


RELAY = (
    Scenario(
        name="relay",
        read="The relay sends first and marks second",
        title="One relay publishes three committed events",
        play=story.relay("relay"),
        input=("a1", "a2", "b1"),
        target="relay-1",
        faults=CRASH_FAULTS,
        rules=RELAYING,
        needs=("relay",),
    ),
    Scenario(
        name="relay-one",
        read="The relay sends first and marks second",
        title="One relay publishes a single event",
        play=story.relay("relay"),
        input=("a1",),
        target="relay-1",
        faults=CRASH_FAULTS,
        rules=RELAYING,
        needs=("relay",),
    ),
    Scenario(
        name="versions",
        read="The relay sends first and marks second",
        title="Versions 9 and 10 of a purchase, and Zoë O'Brien's",
        play=story.relay("relay"),
        input=("a9", "a10", "e1"),
        target="relay-1",
        faults=(),
        rules=RELAYING,
        needs=("relay",),
    ),
    Scenario(
        name="late",
        read="An id is drawn early and committed late",
        title="An event with a small id commits late, while the relay works",
        play=story.relay_late("relay"),
        input=("a1l", "b1", "b2m"),
        target="relay-1",
        faults=PAUSE,
        rules=RELAYING,
        needs=("relay",),
    ),
    Scenario(
        name="two-relays",
        read="Two relays break the order",
        title="Two relays work at the same time",
        play=story.two_relays("relay"),
        input=("a1", "a2", "b1", "a3m"),
        target="relay-1",
        faults=PAUSE,
        rules=RELAYING,
        needs=("relay",),
    ),
)

RECEIVE = (
    Scenario(
        name="receive",
        read="The inbox makes twice look like once",
        title="The warehouse gets every event at least twice",
        play=story.receive("receive"),
        input=("a1", "a2", "b1"),
        target="warehouse-1",
        faults=CRASH_FAULTS,
        rules=SHIPPING,
        needs=("receive",),
    ),
    Scenario(
        name="receive-twice",
        read="The inbox makes twice look like once",
        title="Two copies of one event arrive at the same moment",
        play=story.receive_twice("receive"),
        input=("a1",),
        target="warehouse-1",
        faults=PAUSE,
        rules=SHIPPING,
        needs=("receive",),
    ),
)

CLEAN_UP = (
    Scenario(
        name="clean-up",
        read="Cleaning up is part of the pattern",
        title="The janitor removes what is published",
        play=story.clean_up("clean_up"),
        input=("a1w", "b1", "c1w", "d1", "e1"),
        target="janitor-1",
        faults=CRASH_FAULTS,
        rules=CLEANING,
        needs=("clean_up",),
    ),
    *(
        Scenario(
            name=f"clean-up-{beside}",
            read="Cleaning up is part of the pattern",
            title=title,
            play=story.clean_up_beside("clean_up", function),
            input=("a1w", "b1", "c1"),
            target="janitor-1",
            faults=PAUSE,
            rules=(rule.cleaning_disturbs_nobody,),
            needs=("clean_up", function),
        )
        for beside, function, title in (
            ("order", "place_order", "An order is placed while the janitor works"),
            ("relay", "relay", "A relay works while the janitor works"),
        )
    ),
    Scenario(
        name="clean-up-change",
        read="Cleaning up is part of the pattern",
        title="A purchase is changed while the janitor works",
        play=story.clean_up_beside_change("clean_up"),
        input=("a1w", "b1", "c1"),
        target="janitor-1",
        faults=PAUSE,
        rules=(rule.cleaning_disturbs_nobody,),
        needs=("clean_up",),
    ),
)

RELAY_ALONE = (
    Scenario(
        name="alone",
        read="Where it stops",
        title="The only relay publishes an event",
        play=story.relay("relay_alone"),
        input=("a1",),
        target="relay-1",
        faults=CRASH_FAULTS,
        rules=RELAYING,
        needs=("relay_alone",),
    ),
    Scenario(
        name="takeover",
        read="Where it stops",
        title="A relay is replaced, and wakes up",
        play=story.relay_alone_takes_over("relay_alone"),
        input=("a1", "a2"),
        target="relay-1",
        faults=PAUSE,
        rules=(*RELAYING, rule.the_younger_relay_is_alone),
        needs=("relay_alone",),
    ),
)

RECEIVE_ITEMS = (
    Scenario(
        name="items",
        read="The inbox makes twice look like once",
        title="An event of schema 2 reaches the warehouse",
        play=story.receive_items("receive"),
        input=("a1",),
        target="warehouse-1",
        faults=CRASH_FAULTS,
        rules=SHIPPING,
        needs=("receive",),
    ),
)

LAB = Lab(
    number=6,
    name="lab06_outbox",
    title="No order without its message",
    day="day06_outbox",
    rules=(
        Rule(number=1, invariant=rule.order_and_message_together, read="Two systems, no common commit"),
        Rule(number=2, invariant=rule.nothing_committed_stays_unpublished, read="The relay sends first and marks second"),
        Rule(number=3, invariant=rule.first_appearances_in_order, read="Two relays"),
        Rule(number=4, invariant=rule.repeated_takes_effect_once, read="The inbox"),
        Rule(number=5, invariant=rule.the_work_gets_done, read="The relay sends first and marks second"),
        Rule(number=6, invariant=rule.cleaning_disturbs_nobody, read="Cleaning up"),
        Rule(number=7, invariant=rule.the_younger_relay_is_alone, read="Where it stops"),
    ),
    tasks=(
        Task(
            name="naive",
            title="The naive version",
            function="naive_place_order",
            scenarios=_placing("naive", "naive_place_order")[:1],
            points={},
            outcomes=(),
            graded=False,
        ),
        Task(
            name="place_order",
            title="Order and event together",
            function="place_order",
            scenarios=_placing("place", "place_order"),
            points={TOGETHER: 15, ONCE: 5, DONE: 5},
            outcomes=("O1", "O2", "O4"),
            minutes=15,
        ),
        Task(
            name="relay",
            title="The relay",
            function="relay",
            scenarios=RELAY,
            points={PUBLISHED: 18, IN_ORDER: 12, DONE: 5},
            outcomes=("O1", "O2", "O4", "O5"),
            minutes=30,
        ),
        Task(
            name="receive",
            title="The inbox",
            function="receive",
            scenarios=RECEIVE,
            points={ONCE: 12, DONE: 3},
            outcomes=("O2", "O4"),
            minutes=15,
        ),
        Task(
            name="clean_up",
            title="Cleaning up under load",
            function="clean_up",
            scenarios=CLEAN_UP,
            points={CLEAN: 6, DONE: 2},
            outcomes=("O4", "O5"),
            stretch=True,
            minutes=25,
        ),
        Task(
            name="relay_alone",
            title="Fencing a zombie relay",
            function="relay_alone",
            scenarios=RELAY_ALONE,
            points={ALONE: 5, PUBLISHED: 3, DONE: 1},
            outcomes=("O1", "O2", "O5"),
            stretch=True,
            minutes=40,
        ),
        Task(
            name="receive_items",
            title="An event of the next version",
            function="receive",
            scenarios=RECEIVE_ITEMS,
            points={ONCE: 7, DONE: 1},
            outcomes=("O4", "O5"),
            stretch=True,
            minutes=20,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a loss of power, a Kafka broker that dies, clock skew, three relays at once,"
        " two preemptions, a switch inside one statement, what a process remembers from one call to the next."
    ),
    topics={"purchases": 3},
)
