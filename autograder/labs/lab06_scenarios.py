"""The stories that lab 6 plays. Each is told once and played with every fault.

Input words: ``a1`` is version 1 of purchase a (``a1-b1-a2`` are three committed events), ``p1`` is a command.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from autograder.explore.stage import Job, Stage

__all__ = [
    "STORIES",
    "Story",
    "clean_up",
    "clean_up_beside",
    "journey",
    "place",
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

BUYERS = (("Ada", "lamp", 1), ("Bao", "mug", 2), ("Chidi", "kettle", 1), ("Dana", "chair", 4))
ORDER_TABLES = ("purchase", "outbox")
ALL_TABLES = (*ORDER_TABLES, "inbox", "shipment")
ADD_PURCHASE = (
    "insert into purchase (id, buyer, item, quantity, version) values (%s, %s, %s, %s, %s)"
    " on conflict (id) do update set version = excluded.version"
)
ADD_EVENT = "insert into outbox (purchase_id, version, kind, payload) values (%s, %s, %s, %s)"


# ---- place_order


def place(function: str) -> Play:
    """Two buyers order; the first one's browser hears nothing and asks again."""

    def play(stage: Stage) -> None:
        commands = {word: _command(word) for word in stage.input}
        unanswered = []
        for number, command in enumerate(commands.values()):
            result = stage.once("checkout-1", function, command)
            if result.kind != "returned":
                stage.snapshot("before anybody asks again", ORDER_TABLES, commands=_ids(commands))
                if not stage.until_done("checkout-1", function, command):
                    unanswered.append(command["purchase_id"])
            elif number == 0 and not stage.until_done("checkout-1", function, command):
                unanswered.append(command["purchase_id"])
        answered = [key for key in _ids(commands) if key not in unanswered]
        stage.snapshot(
            "when all have asked again", ORDER_TABLES, commands=_ids(commands), unanswered=unanswered, answered=answered
        )

    return play


def place_twice(function: str) -> Play:
    """A double click: two checkouts get the same command at the same moment."""

    def play(stage: Stage) -> None:
        command = _command(stage.input[0])
        jobs = (Job("checkout-1", function, (command,)), Job("checkout-2", function, (command,)))
        results = stage.together(*jobs)
        unanswered = [
            command["purchase_id"]
            for job, result in zip(jobs, results, strict=True)
            if result.kind != "returned" and not stage.until_done(job.process, function, command)
        ]
        stage.snapshot(
            "in the end",
            ORDER_TABLES,
            commands=[command["purchase_id"]],
            unanswered=unanswered[:1],
            answered=[command["purchase_id"]],
        )

    return play


# ---- relay


def relay(function: str) -> Play:
    """Committed events wait; one relay publishes them, and is started again after a crash."""

    def play(stage: Stage) -> None:
        _commit(stage, stage.input)
        finished = stage.drain("relay-1", function)
        _relayed(stage, stage.input, finished)

    return play


def relay_late(function: str) -> Play:
    """The first word's transaction draws its outbox id first and commits last."""

    def play(stage: Stage) -> None:
        late, *others = stage.input
        with stage.service("checkout-1") as first, stage.service("checkout-2") as second:
            first("BEGIN", "begin", "begin")
            _tell(first, late)
            for word in others:
                _tell(second, word)
            finished = stage.drain_beside("relay-1", function, "checkout-1", lambda: first("COMMIT", "commit", "commit"))
        finished = stage.drain("relay-1", function) and finished
        _relayed(stage, stage.input, finished)

    return play


def two_relays(function: str) -> Play:
    """Two relays work at the same time; one is held before one of its calls while the other goes on."""

    def play(stage: Stage) -> None:
        _commit(stage, stage.input)
        stage.together(Job("relay-1", function), Job("relay-2", function))
        _relayed(stage, stage.input, stage.drain("relay-2", function))

    return play


def relay_alone_takes_over(function: str) -> Play:
    """A relay is held, a younger one takes over and does the work, then the old one wakes up."""

    def play(stage: Stage) -> None:
        _commit(stage, stage.input)
        stage.together(Job("relay-1", function), Job("relay-2", function))
        replaced = stage.second_was_first_to_end
        stage.snapshot(
            "after the old relay woke up",
            ("outbox",),
            visible_at_takeover=stage.visible_at_resume if replaced else None,
        )
        _relayed(stage, stage.input, stage.drain("relay-3", function))

    return play


# ---- receive


def receive(function: str) -> Play:
    """Each event is delivered until the warehouse has answered, and then once more; one of them is none of its business."""

    def play(stage: Stage) -> None:
        events = [_event(word) for word in stage.input]
        _deliver(stage, function, events)

    return play


def receive_items(function: str) -> Play:
    """An event of schema 2 arrives: one order of several items."""

    def play(stage: Stage) -> None:
        events = [_event(word) for word in stage.input]
        for event in events:
            event["schema"] = 2
            first = {"item": event["payload"]["item"], "quantity": event["payload"]["quantity"]}
            event["payload"] = {"buyer": event["payload"]["buyer"], "items": [first, {"item": "bulb", "quantity": 3}]}
        _deliver(stage, function, events)

    return play


def receive_twice(function: str) -> Play:
    """Two copies of one event reach two warehouse processes at the same moment."""

    def play(stage: Stage) -> None:
        event = _event(stage.input[0])
        jobs = (Job("warehouse-1", function, (event,)), Job("warehouse-2", function, (event,)))
        results = stage.together(*jobs)
        unanswered = [
            event["purchase_id"]
            for job, result in zip(jobs, results, strict=True)
            if result.kind != "returned" and not stage.until_done(job.process, function, event)
        ]
        stage.snapshot(
            "in the end", ("shipment",), to_ship=_lines([event]), received=True, unanswered=unanswered[:1]
        )

    return play


# ---- clean_up


def clean_up(function: str) -> Play:
    """Published events are removed, few at a time; the first word's event has the smallest id and is not published."""

    def play(stage: Stage) -> None:
        _commit(stage, stage.input)
        waiting, *published = stage.input
        _mark(stage, published)
        limit, removals, finished = 2, [], False
        for _ in range(len(stage.input) + 4):
            before = _outbox_size(stage)
            result = stage.once("janitor-1", function, limit)
            if result.kind == "returned":
                removals.append((before - _outbox_size(stage), limit, result.value))
                if result.value == 0:
                    finished = True
                    break
        left = len(published) if not finished else _outbox_size(stage) - 1
        stage.snapshot(
            "after cleaning up",
            ("outbox",),
            must_stay=[_event_id(waiting)],
            removals=removals,
            finished=finished and left <= 0,
        )

    return play


def clean_up_beside(function: str, other: str) -> Play:
    """The janitor is held before one of its calls; an order is placed, or a relay works, meanwhile."""

    def play(stage: Stage) -> None:
        _commit(stage, stage.input)
        waiting, *published = stage.input
        _mark(stage, published)
        job = Job("checkout-1", other, (_command("p4"),)) if other == "place_order" else Job("relay-1", other)
        stage.together(Job("janitor-1", function, (2,)), job)
        stage.snapshot("in the end", ("outbox",), must_stay=[] if other == "relay" else [_event_id(waiting)])

    return play


# ---- whole journeys, for the day's experiments


def journey(place: str, relay: str = "", receive: str = "") -> Play:
    """One order on its way: it is placed, relayed where there is a relay, and received where there is a warehouse."""

    def play(stage: Stage) -> None:
        for word in stage.input:
            stage.once("checkout-1", place, _command(word))
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
    "late": Story(title="An event commits late", make=relay_late, roles=("relay",), input=("a1", "b1"), target="relay-1"),
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


# ---- the words


def _purchase(word: str) -> tuple[str, int]:
    """``a2`` is version 2 of purchase p-a."""
    return f"p-{word[0]}", int(word[1:])


def _event_id(word: str) -> str:
    purchase_id, version = _purchase(word)
    return f"{purchase_id}/{version}"


def _buyer(word: str) -> tuple[str, str, int]:
    return BUYERS[(ord(word[0]) - ord("a")) % len(BUYERS)]


def _command(word: str) -> dict[str, object]:
    """``p1`` is Ada's command, ``p2`` Bao's."""
    buyer, item, quantity = BUYERS[(int(word[1:]) - 1) % len(BUYERS)]
    return {"$": "PlaceOrder", "purchase_id": f"p-{word[1:]}", "buyer": buyer, "item": item, "quantity": quantity}


def _ids(commands: dict[str, dict[str, object]]) -> list[object]:
    return [command["purchase_id"] for command in commands.values()]


def _event(word: str) -> dict[str, object]:
    purchase_id, version = _purchase(word)
    buyer, item, quantity = _buyer(word)
    payload = {"buyer": buyer, "item": item, "quantity": quantity}
    kind = _kind(version)
    return {"$": "Event", "purchase_id": purchase_id, "version": version, "kind": kind, "payload": payload}


def _kind(version: int) -> str:
    return "OrderPlaced" if version == 1 else "OrderChanged"


def _commit(stage: Stage, words: Iterable[str]) -> None:
    """Purchases and events that were committed before the story begins, in this order."""
    for word in words:
        (purchase_id, version), (buyer, item, quantity) = _purchase(word), _buyer(word)
        stage.seed(ADD_PURCHASE, purchase_id, buyer, item, quantity, version)
        payload = {"buyer": buyer, "item": item, "quantity": quantity + version - 1}
        stage.seed(ADD_EVENT, purchase_id, version, _kind(version), Jsonb(payload))


def _tell(session: Callable[..., None], word: str) -> None:
    """The same inside a service's own transaction."""
    (purchase_id, version), (buyer, item, quantity) = _purchase(word), _buyer(word)
    payload = {"buyer": buyer, "item": item, "quantity": quantity}
    shown = f"insert into purchase ('{purchase_id}', '{buyer}', '{item}', {quantity})"
    session("insert purchase", shown, ADD_PURCHASE, purchase_id, buyer, item, quantity, version)
    event = (purchase_id, version, _kind(version), Jsonb(payload))
    shown = f"insert into outbox ('{purchase_id}', {version}, '{_kind(version)}') returning id"
    session("insert outbox", shown, f"{ADD_EVENT} returning id", *event)


def _mark(stage: Stage, words: Iterable[str]) -> None:
    for word in words:
        stage.seed(
            "update outbox set published_at = now() where purchase_id = %s and version = %s", *_purchase(word)
        )


def _relayed(stage: Stage, words: Iterable[str], finished: bool) -> None:
    committed = [_event_id(word) for word in words]
    stage.snapshot("in the end", ("outbox",), committed=committed, drained=finished, finished=finished)


def _outbox_size(stage: Stage) -> int:
    return len(stage.lane.rows("outbox"))


def _lines(events: Iterable[dict[str, object]]) -> list[tuple[object, object, object]]:
    lines = []
    for event in events:
        if event["kind"] != "OrderPlaced":
            continue
        payload = event["payload"]
        for line in payload.get("items", [payload]):
            lines.append((event["purchase_id"], line["item"], line["quantity"]))
    return lines


def _deliver(stage: Stage, function: str, events: list[dict[str, object]]) -> None:
    unanswered = []
    for event in events:
        if not stage.until_done("warehouse-1", function, event):
            unanswered.append(event["purchase_id"])
        stage.snapshot(
            f"after the delivery of {event['purchase_id']}/{event['version']}", ("shipment",), to_ship=_lines(events)
        )
    for event in events if not unanswered else ():
        if not stage.until_done("warehouse-1", function, event):
            unanswered.append(event["purchase_id"])
    stage.snapshot(
        "after everything was delivered twice",
        ("shipment",),
        to_ship=_lines(events),
        received=True,
        unanswered=unanswered[:1],
    )
