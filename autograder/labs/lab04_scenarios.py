"""The stories that lab 4 plays. Each is told once and played with every fault.

What the input words mean stands in :mod:`autograder.labs.lab04_words`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from autograder.explore.stage import ASKED_AGAIN, Job, Stage
from autograder.labs.lab04_words import HAD, command_of, order_of, prepare, snapshot

__all__ = ["STORIES", "Play", "Story", "crossed", "in_two_phases", "order"]

Play = Callable[[Stage], None]

CHECKOUT = "checkout-1"
ASKED_LATER = "checkout-2"
"""Another process of the shop: the one that gets the command when the buyer asks again."""
RECOVERIES_MAX = 8
"""So often the shop calls ``recover`` before it gives up; no story needs more than four."""
ENDED = ("confirmed", "cancelled")


def order(
    place: str, recover: str = "", *, mood: str = "", declines: bool = False, refund_fails: int = 0, begun: tuple[str, ...] = ()
) -> Play:
    """Somebody orders. After a crash or an error the shop recovers first, where it can, and then the buyer asks again.

    What was ``begun`` is left by a process that died behind its first transaction.
    """

    def play(stage: Stage) -> None:
        prepare(stage, mood=mood, declines=declines, refund_fails=refund_fails)
        answers, unanswered, finished = {}, [], True
        for word in begun:
            if word in stage.input:
                _placed(stage, word)
        for word in stage.input:
            command = command_of(word)
            if word not in begun and stage.once(CHECKOUT, place, command).kind != "returned":
                snapshot(stage, "at that moment")
            finished = finished and (not recover or _recovered(stage, recover))
            if recover and finished and not _all_ended(stage):
                snapshot(stage, f"when {recover} has returned 0", recovered=True)
            if not stage.until_done(ASKED_LATER, place, command):
                unanswered.append(command["purchase_id"])
                break
            answers[command["purchase_id"]] = stage.results[-1][1].value
        stage.lane.warehouse.settle()
        snapshot(
            stage,
            "in the end",
            ended=finished and not unanswered,
            answers=answers if finished else {},
            unanswered=unanswered,
            unfinished=not finished,
            nothing_in_the_way=stage.name.strike is None and not (mood or declines or begun),
        )

    return play


def _recovered(stage: Stage, function: str) -> bool:
    """``recover`` is called until it returns 0; False when it never does. After the planned faults one look may be enough."""
    for _ in range(RECOVERIES_MAX):
        if stage.conductor.struck and _all_ended(stage):
            return True
        result = stage.once(CHECKOUT, function)
        if result.kind not in ("returned", *ASKED_AGAIN):
            return False
        if result.kind != "returned":
            snapshot(stage, "at that moment")
        elif isinstance(result.value, bool) or not isinstance(result.value, int):
            stage.trouble = f"{function} returned {result.value!r}; it must return how many orders are still under way"
            return False
        elif result.value == 0:
            return True
    stage.trouble = stage.trouble or f"{function} had not returned 0 after {RECOVERIES_MAX} calls"
    return False


def _all_ended(stage: Stage) -> bool:
    """Has every order ended that was begun? One whose first transaction was lost has not been."""
    return all(row["status"] in ENDED for row in stage.lane.rows("purchase"))


# ---- choreography


SERVICES = ("payments", "warehouse", "orders")
"""In the order in which they read."""
DELIVERIES_MAX = 60


def crossed(react: str, *, mood: str = "", declines: bool = False, twice: str = "") -> Play:
    """The order is placed and its lamp set aside; from there on services react to each other's events.

    A service that dies is started again when the others have read what there is, and gets its event again. One may get
    each event ``twice`` without having died.
    """

    def play(stage: Stage) -> None:
        prepare(stage, mood=mood, declines=declines)
        placed = [_placed(stage, word) for word in stage.input]
        finished = _delivered(stage, react, placed, twice)
        stage.lane.warehouse.settle()
        snapshot(
            stage,
            "in the end",
            ended=finished,
            unanswered=[] if finished else [order_of(word)["id"] for word in stage.input],
            nothing_in_the_way=stage.name.strike is None and not (mood or declines),
        )

    return play


def _placed(stage: Stage, word: str) -> dict[str, Any]:
    wanted = order_of(word)
    stage.seed(
        "insert into purchase (id, buyer, item, quantity, amount) values (%s, %s, %s, %s, %s)", *wanted.values()
    )
    stage.seed("update stock set free = free - %s where item = %s", wanted["quantity"], wanted["item"])
    payload = {name: wanted[name] for name in ("buyer", "item", "quantity", "amount")}
    return {"$": "Event", "purchase_id": wanted["id"], "version": 1, "kind": "OrderPlaced", "payload": payload}


def _delivered(stage: Stage, react: str, placed: list[dict[str, Any]], twice: str) -> bool:
    """Every service gets every event, in order, until it has answered; False when that never ends."""
    read = dict.fromkeys(SERVICES, 0)
    deliveries = 0
    while any(read[service] < len(_events(stage, placed)) for service in SERVICES):
        for service in SERVICES:
            while read[service] < len(events := _events(stage, placed)):
                deliveries += 1
                if deliveries > DELIVERIES_MAX:
                    stage.trouble = stage.trouble or f"after {DELIVERIES_MAX} deliveries there were still events that nobody had read"
                    return False
                copies = 2 if service == twice else 1
                results = [stage.once(f"{service}-1", react, service, events[read[service]]).kind for _ in range(copies)]
                if any(kind not in ("returned", *ASKED_AGAIN) for kind in results):
                    return False
                if results[-1] != "returned":
                    snapshot(stage, "at that moment")
                    break
                read[service] += 1
    return True


def _events(stage: Stage, placed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*placed, *(_event(message.value) for message in stage.lane.messages())]


def _event(value: str) -> dict[str, Any]:
    """A message as a subject gets it; what is no event of the shop is handed on as it is, and its reader will say so."""
    try:
        found = json.loads(value)
    except ValueError:
        return {"value": value}
    return {"$": "Event", **found} if isinstance(found, dict) else {"value": value}


# ---- two-phase commit, for the day


def in_two_phases(coordinate: str) -> Play:
    """A coordinator commits in two databases; then Bao wants a lamp too."""

    def play(stage: Stage) -> None:
        prepare(stage)
        stage.once("coordinator-1", coordinate, command_of(stage.input[0]))
        waits = _bao_waits(stage)
        prepared = stage.lane.database.execute(
            "select gid from pg_prepared_xacts where database = current_database() order by gid"
        ).fetchall()
        snapshot(stage, "in the end", prepared=[gid for (gid,) in prepared], bao_waits=waits)

    return play


def _bao_waits(stage: Stage) -> bool:
    with stage.service("checkout-2") as bao:
        bao("BEGIN", "begin", "begin")
        try:
            wanted = "update stock set free = free - 1 where item = 'lamp'"
            bao("update stock", wanted, wanted)
            bao("COMMIT", "commit", "commit")
        except psycopg.errors.LockNotAvailable:
            bao("ROLLBACK", "rollback: somebody keeps a lock on the lamp", "rollback")
            return True
    return False


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story that a notebook may play by name."""

    title: str
    make: Callable[..., Play]
    roles: tuple[str, ...]
    """Which functions play in it, in the order in which ``make`` takes their names."""
    input: tuple[str, ...] = ("p1",)
    target: str = CHECKOUT


def _standing_still(place: str, recover: str = "") -> Play:
    return order(place, recover, mood="stands still")


def _gone_away(place: str, recover: str) -> Play:
    return order(place, recover, mood="goes away")


def _opening_later(place: str, recover: str) -> Play:
    return order(place, recover, mood="opens later")


def _crossed_standing_still(react: str) -> Play:
    return crossed(react, mood="stands still")


STORIES = {
    "order": Story(title="Ada orders a lamp", make=order, roles=("place",)),
    "no-warehouse": Story(title="The warehouse stands still", make=_standing_still, roles=("place",)),
    "recovered": Story(title="Ada orders, and the shop recovers", make=order, roles=("place", "recover")),
    "undone": Story(title="The warehouse stands still", make=_standing_still, roles=("place", "recover")),
    "gone-away": Story(title="The warehouse packs and goes away", make=_gone_away, roles=("place", "recover")),
    "opens-later": Story(title="The warehouse is away for one request", make=_opening_later, roles=("place", "recover")),
    "choreography": Story(title="The warehouse stands still", make=_crossed_standing_still, roles=("react",), target="warehouse-1"),
    "two-phases": Story(title="A commit in two phases", make=in_two_phases, roles=("coordinate",), target="coordinator-1"),
}
"""By name."""
