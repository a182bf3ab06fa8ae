"""The stories that lab 6 plays. Each is told once and played with every fault.

What the input words mean stands in :mod:`autograder.labs.lab06_words`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from autograder.explore.stage import Job, Stage
from autograder.labs.lab06_words import (
    command_of, commit, commit_now, event_id, event_of, ids_of, kind_of, lines_of, payload_of, purchase_of, tell_of, visible_ids,
    with_role,
)  # fmt: skip

__all__ = [
    "STORIES",
    "Story",
    "clean_up",
    "clean_up_beside",
    "clean_up_beside_change",
    "journey",
    "place",
    "place_again",
    "place_twice",
    "receive",
    "receive_items",
    "receive_twice",
    "relay",
    "relay_alone_takes_over",
    "relay_late",
    "two_relays",
]

Play = Callable[[Stage], None]

ORDER_TABLES = ("purchase", "outbox")
ALL_TABLES = (*ORDER_TABLES, "inbox", "shipment")
OTHER_TABLES = ("purchase", "inbox", "shipment")
MARK = "update outbox set published_at = '2026-11-20 10:00:00+00' where purchase_id = %s and version = %s"
SHIP = "insert into shipment (purchase_id, item, quantity) values (%s, %s, %s)"


# ---- place_order


def place(function: str) -> Play:
    """Two buyers order; the first one's browser hears nothing and asks again."""

    def play(stage: Stage) -> None:
        commands = {word: command_of(word) for word in stage.input}
        unanswered, refused = [], False
        for number, command in enumerate(commands.values()):
            result = stage.once("checkout-1", function, command)
            if result.kind != "returned":
                refused = refused or stage.name.strike is None
                stage.snapshot("before anybody asks again", ORDER_TABLES, commands=ids_of(commands))
            if (result.kind != "returned" or number == 0) and not stage.until_done("checkout-1", function, command):
                unanswered.append(command["purchase_id"])
        answered = [key for key in ids_of(commands) if key not in unanswered]
        stage.snapshot(
            "when all have asked again",
            ORDER_TABLES,
            commands=ids_of(commands),
            unanswered=unanswered,
            answered=answered,
            refused_at_once=refused,
        )

    return play


def place_twice(function: str) -> Play:
    """A double click: two checkouts get the same command at the same moment."""

    def play(stage: Stage) -> None:
        command = command_of(stage.input[0])
        jobs = (Job("checkout-1", function, (command,)), Job("checkout-2", function, (command,)))
        unanswered = _still_unanswered(stage, jobs, command, stage.together(*jobs))
        ordered = [command["purchase_id"]]
        stage.snapshot("in the end", ORDER_TABLES, commands=ordered, unanswered=unanswered, answered=ordered)

    return play


def place_again(function: str) -> Play:
    """A command comes again when its order was paid, and its event published, long ago."""

    def play(stage: Stage) -> None:
        commands = {word: command_of(word) for word in stage.input}
        unanswered = [c["purchase_id"] for c in commands.values() if not stage.until_done("checkout-1", function, c)]
        stage.snapshot(
            "at first", ORDER_TABLES, commands=ids_of(commands), unanswered=unanswered, answered=ids_of(commands)
        )
        stage.seed("update purchase set status = 'paid', version = 2")
        stage.seed("update outbox set published_at = '2026-11-20 10:00:00+00'")
        before = {table: stage.lane.rows(table) for table in ORDER_TABLES}
        for command in commands.values():
            stage.until_done("checkout-1", function, command)
        stage.snapshot("when the order was paid already", ORDER_TABLES, unchanged=before, moved_on=True)

    return play


# ---- relay


def relay(function: str) -> Play:
    """Committed events wait; one relay publishes them, and is started again after a crash."""

    def play(stage: Stage) -> None:
        commit(stage, stage.input)
        finished = _drain(stage, "relay-1", function)
        _relayed(stage, finished, counted=stage.counted(function) if stage.name.strike is None else None)

    return play


def relay_late(function: str) -> Play:
    """A transaction draws its outbox id first and commits last; another one comes and goes meanwhile."""

    def play(stage: Stage) -> None:
        late, meanwhile = with_role(stage, "l"), with_role(stage, "m")
        with stage.service("checkout-1") as slow:
            slow("BEGIN", "begin", "begin")
            for word in late:
                tell_of(slow, word)
            commit(stage, with_role(stage, ""))
            done = []

            def happens() -> None:
                slow("COMMIT", "commit", "commit")
                done.append(commit_now(stage, meanwhile))

            stage.beside(Job("relay-1", function), happens)
        if not all(done):
            commit_now(stage, meanwhile)
        _relayed(stage, _drain(stage, "relay-2", function))

    return play


def two_relays(function: str) -> Play:
    """Two relays work at the same time; while one is held before one of its calls, a purchase changes and the other works."""

    def play(stage: Stage) -> None:
        meanwhile = with_role(stage, "m")
        commit(stage, with_role(stage, ""))
        done = []
        stage.together(
            Job("relay-1", function), Job("relay-2", function), between=lambda: done.append(commit_now(stage, meanwhile))
        )
        if not all(done):
            commit_now(stage, meanwhile)
        _relayed(stage, _drain(stage, "relay-2", function))

    return play


def relay_alone_takes_over(function: str) -> Play:
    """A relay is held, a younger one takes over and does the work, then the old one wakes up."""

    def play(stage: Stage) -> None:
        commit(stage, stage.input)
        stage.together(Job("relay-1", function), Job("relay-2", function))
        replaced = stage.second_was_first_to_end
        stage.snapshot(
            "after the old relay woke up",
            ("outbox",),
            visible_at_takeover=stage.visible_at_resume if replaced else None,
        )
        _relayed(stage, _drain(stage, "relay-3", function))

    return play


# ---- receive


def receive(function: str) -> Play:
    """Each event is delivered until the warehouse has answered, and then once more; one of them is none of its business."""

    def play(stage: Stage) -> None:
        _deliver(stage, function, [event_of(word) for word in stage.input])

    return play


def receive_items(function: str) -> Play:
    """An event of schema 2 arrives: one order of several items, one of them twice."""

    def play(stage: Stage) -> None:
        events = [event_of(word) for word in stage.input]
        for event in events:
            event["schema"] = 2
            first = {"item": event["payload"]["item"], "quantity": event["payload"]["quantity"]}
            bulbs = {"item": "bulb", "quantity": 3}
            event["payload"] = {"buyer": event["payload"]["buyer"], "items": [first, bulbs, bulbs]}
        _deliver(stage, function, events)

    return play


def receive_twice(function: str) -> Play:
    """Two copies of one event reach two warehouse processes at the same moment."""

    def play(stage: Stage) -> None:
        event = event_of(stage.input[0])
        jobs = (Job("warehouse-1", function, (event,)), Job("warehouse-2", function, (event,)))
        unanswered = _still_unanswered(stage, jobs, event, stage.together(*jobs))
        stage.snapshot("in the end", ("shipment",), to_ship=lines_of([event]), received=True, unanswered=unanswered)

    return play


# ---- clean_up


def clean_up(function: str) -> Play:
    """Published events are removed, few at a time; waiting ones stand among them."""

    def play(stage: Stage) -> None:
        waiting = _outbox_of_published(stage)
        published = len(stage.input) - len(waiting)
        untouched = {table: stage.lane.rows(table) for table in OTHER_TABLES}
        limit, removals, finished = 2, [], False
        for _ in range(published + 4):
            before = _outbox_size(stage)
            result = stage.once("janitor-1", function, limit)
            if result.kind == "returned":
                removals.append((before - _outbox_size(stage), limit, result.value))
                finished = result.value == 0
            if finished or result.kind not in ("returned", "raised", "killed"):
                break
        left = _outbox_size(stage) - len(waiting)
        stage.snapshot(
            "after cleaning up",
            ("outbox", *OTHER_TABLES),
            must_stay=[event_id(word) for word in waiting],
            removals=removals,
            untouched=untouched,
            finished=finished and left <= 0,
        )

    return play


def clean_up_beside(function: str, other: str) -> Play:
    """The janitor is held before one of its calls; an order is placed, or a relay works, meanwhile."""

    def play(stage: Stage) -> None:
        waiting = _outbox_of_published(stage)
        job = Job("checkout-1", other, (command_of("p4"),)) if other == "place_order" else Job("relay-1", other)
        stage.together(Job("janitor-1", function, (2,)), job)
        must_stay = [] if other == "relay" else [event_id(word) for word in waiting]
        stage.snapshot("in the end", ("outbox",), must_stay=must_stay)

    return play


def clean_up_beside_change(function: str) -> Play:
    """The janitor is held before one of its calls; a purchase that it cleans up after is changed meanwhile."""

    def play(stage: Stage) -> None:
        _outbox_of_published(stage)
        done: list[bool] = []
        change = f"{stage.input[-1][0]}2"
        stage.beside(Job("janitor-1", function, (2,)), lambda: done.append(commit_now(stage, [change])))
        waited = "" if all(done) else f"the change of {purchase_of(change)[0]}"
        stage.snapshot("in the end", ("outbox",), made_wait=waited)

    return play


# ---- whole journeys, for the day's experiments


def journey(place: str, relay: str = "", receive: str = "") -> Play:
    """One order on its way: it is placed, relayed where there is a relay, and received where there is a warehouse."""

    def play(stage: Stage) -> None:
        for word in stage.input:
            stage.once("checkout-1", place, command_of(word))
        if relay:
            stage.drain("relay-1", relay)
        for message in stage.lane.messages() if receive else ():
            stage.until_done("warehouse-1", receive, {"$": "Event", **json.loads(message.value)})
        stage.snapshot("in the end", ALL_TABLES)

    return play


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story that a notebook may play by name."""

    title: str
    make: Callable[..., Play]
    roles: tuple[str, ...]
    """Which functions play in it, in the order in which ``make`` takes their names."""
    input: tuple[str, ...]
    target: str


STORIES = {
    "place": Story(title="An order is placed", make=journey, roles=("place",), input=("p1",), target="checkout-1"),
    "relay": Story(title="A relay publishes", make=relay, roles=("relay",), input=("a1", "b1"), target="relay-1"),
    "late": Story(title="An event commits late", make=relay_late, roles=("relay",), input=("a1l", "b1"), target="relay-1"),
    "two-relays": Story(
        title="Two relays work", make=two_relays, roles=("relay",), input=("a1", "a2"), target="relay-1"
    ),
    "receive": Story(
        title="The warehouse receives", make=receive, roles=("receive",), input=("a1",), target="warehouse-1"
    ),
    "journey": Story(
        title="An order on its way", make=journey, roles=("place", "relay", "receive"), input=("p1",), target="relay-1"
    ),
}
"""By name."""


# ---- what the scenarios share


def _drain(stage: Stage, process: str, function: str) -> bool:
    """The relay is asked until nothing is left; all is as it should be when every event is out once, and is marked."""

    def settled() -> bool:
        marked = all(row["published_at"] is not None for row in stage.lane.rows("outbox"))
        return marked and sorted(visible_ids(stage)) == sorted(event_id(word) for word in stage.input)

    return stage.drain(process, function, settled=settled)


def _relayed(stage: Stage, finished: bool, *, counted: int | None = None) -> None:
    expected = {event_id(word): (kind_of(word), payload_of(word)) for word in stage.input}
    stage.snapshot(
        "in the end",
        ("outbox",),
        committed=list(expected),
        expected=expected,
        drained=finished,
        finished=finished,
        counted=counted if finished else None,
    )


def _outbox_of_published(stage: Stage) -> list[str]:
    """Everything is committed and, but for the waiting words, published at one moment; returns the waiting words."""
    commit(stage, stage.input)
    waiting = with_role(stage, "w")
    for word in stage.input:
        if word not in waiting:
            stage.seed(MARK, *purchase_of(word))
            stage.seed("insert into inbox (event_id) values (%s)", event_id(word))
            stage.seed(SHIP, purchase_of(word)[0], payload_of(word)["item"], 1)
    return waiting


def _outbox_size(stage: Stage) -> int:
    return len(stage.lane.rows("outbox"))


def _still_unanswered(stage: Stage, jobs: Iterable[Job], thing: dict[str, object], results: Iterable[object]) -> list[object]:
    """Whoever got an error asks again; the purchase, when one of them is never answered."""
    for job, result in zip(jobs, results, strict=True):
        if result.kind != "returned" and not stage.until_done(job.process, job.function, thing):
            return [thing["purchase_id"]]
    return []


def _deliver(stage: Stage, function: str, events: list[dict[str, object]]) -> None:
    unanswered: list[object] = []
    for number, event in enumerate(events, start=1):
        so_far = lines_of(events[:number])
        answered = stage.once("warehouse-1", function, event).kind == "returned"
        if not answered:
            stage.snapshot("at that moment", ("shipment",), to_ship=so_far)
            answered = stage.until_done("warehouse-1", function, event)
        unanswered += [] if answered else [event["purchase_id"]]
        moment = f"after the delivery of {event['purchase_id']}/{event['version']}"
        stage.snapshot(moment, ("shipment",), to_ship=so_far, received=not unanswered)
    for event in events if not unanswered else ():
        if not stage.until_done("warehouse-1", function, event):
            unanswered.append(event["purchase_id"])
    stage.snapshot(
        "after everything was delivered twice",
        ("shipment",),
        to_ship=lines_of(events),
        received=True,
        unanswered=unanswered[:1],
    )
