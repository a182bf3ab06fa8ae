"""Lab 11: make the shop say what it does. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.backends.databases import SCHEMA
from autograder.explore.scenario import Scenario
from autograder.invariants import Invariant
from autograder.invariants import correlation as carried
from autograder.invariants import incident, watching
from autograder.labs import lab11_scenarios as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab11_mistakes import MISTAKES
from autograder.labs.lab11_sheet import SHEET
from autograder.labs.lab11_watched import ALERT, METRICS, SPANS

__all__ = ["LAB"]

READ_ID = "A thread has its own idea of the context"
READ_QUEUE = "What is not in the message is lost"
RULES: tuple[tuple[Invariant, str], ...] = (
    (carried.every_line_is_structured, "A line is data that happens to be read"),
    (carried.one_id_from_the_door_to_the_parcel, READ_ID),
    (carried.an_id_is_made_once, "An id is made at the door, and nowhere else"),
    (carried.the_shop_still_sells, READ_ID),
    (watching.every_request_is_counted, "Rate, errors, duration"),
    (watching.labels_are_bounded, "A label multiplies, and an order id has no end"),
    (watching.the_histogram_can_answer, "A percentile cannot be averaged"),
    (incident.the_incident_is_understood, "Ask what each part promised, and who broke it first"),
    (watching.spans_have_their_parents, "A queue has no parent"),
    (watching.the_alert_fires_in_time, "Page for the budget, not for a spike"),
    (watching.the_alert_is_silent_otherwise, "Page for the budget, not for a spike"),
)
NUMBERED = tuple(Rule(number=number, invariant=rule, read=read) for number, (rule, read) in enumerate(RULES, start=1))
(LINES, ONE_ID, MADE, SELLS, COUNTED, BOUNDED, BUCKETS, INCIDENT, PARENTS, IN_TIME, SILENT) = (rule.name for rule in NUMBERED)
CARRYING = (carried.an_id_is_made_once, carried.one_id_from_the_door_to_the_parcel, carried.every_line_is_structured, carried.the_shop_still_sells)


def _door(name: str, title: str, handler: str, words: tuple[str, ...]) -> Scenario:
    return Scenario(
        name=name,
        read=READ_ID,
        title=title,
        play=story.door(handler),
        input=words,
        target="api-1",
        faults=(),
        rules=CARRYING,
        needs=(handler,),
    )


def _journey(name: str, title: str, words: tuple[str, ...]) -> Scenario:
    return Scenario(
        name=name,
        read=READ_QUEUE,
        title=title,
        play=story.journey("place_order", "relay", "consume"),
        input=words,
        target="relay-1",
        faults=(),
        rules=CARRYING,
        needs=("place_order", "relay", "consume"),
    )


DOOR = (
    _door("door", "Three requests with ids, of which two are always under way at once", "place_order", ("a1", "b1", "e2")),
    _door("strangers", "Requests without an id, or with one that nobody should trust", "place_order", ("a1", "c0", "d9", "f9")),
    _door("edges", "Ids that are usable by one character or miss it by one; orders for all that there is and for one more", "place_order", ("g8", "h7", "i6", "j5", "k4", "m1", "n2")),
)
JOURNEY = (
    _journey("journey", "Two requests from the door to the parcel", ("a1", "b1")),
    _journey("unnamed", "A request and a message that come without an id, among others", ("a1", "b1", "c0", "z5")),
)

LAB = Lab(
    number=11,
    name="lab11_observability",
    title="Make it say what it does",
    day="day11_observability",
    rules=NUMBERED,
    tasks=(
        Task(
            name="naive", title="The naive version", function="naive_place_order",
            scenarios=(_door("naive", "Two requests at once", "naive_place_order", ("a1", "b1")),), points={}, outcomes=(), graded=False,
        ),
        Task(
            name="place_order", title="One id through the door and the pool", function="place_order",
            scenarios=DOOR,
            points={LINES: 6, ONE_ID: 10, MADE: 4, SELLS: 2}, outcomes=("O1", "O3", "O4"), minutes=18,
        ),
        Task(
            name="journey", title="Through the outbox and Kafka to the last line", function="consume", scenarios=JOURNEY,
            points={ONE_ID: 10, MADE: 3, LINES: 3, SELLS: 2}, outcomes=("O1", "O2", "O4"), minutes=12,
        ),
        Task(
            name="metrics", title="Rate, errors, duration", function="make_metrics", scenarios=(METRICS,),
            points={COUNTED: 6, BOUNDED: 6, BUCKETS: 6}, outcomes=("O4", "O5"), minutes=15,
        ),
        Task(
            name="incident", title="Your incident", function="incident", scenarios=(SHEET,), points={INCIDENT: 20},
            outcomes=("O1", "O3", "O5"), minutes=25,
        ),
        Task(
            name="spans", title="Spans across the queue", function="serve_traced", scenarios=(SPANS,), points={PARENTS: 12},
            outcomes=("O1", "O4"), stretch=True, minutes=35,
        ),
        Task(
            name="alert", title="An alert that lets you sleep", function="make_alert", scenarios=(ALERT,),
            points={IN_TIME: 5, SILENT: 5}, outcomes=("O4", "O5"), stretch=True, minutes=25,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a collector that is down or slow, lines that are lost or sampled away, a log that"
        " fills a disk, what logging costs, more than two requests at once, incidents with two causes."
    ),
    topics={"purchases": 3},
    schema=SCHEMA.with_name("observed.sql"),
)  # fmt: skip
