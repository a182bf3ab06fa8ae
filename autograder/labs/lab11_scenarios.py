"""The stories that lab 11 plays on real backends: requests that overlap, a relay, a warehouse, and what all of them write.

A word is a request: ``a1`` comes with an id, ``c0`` without one, ``d9`` with one that is not usable, ``e2`` wants what is not
there. ``z5`` is no request but a message of a producer that knows nothing of ids; it comes behind the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from autograder.backends.kafka.direct import Sent
from autograder.explore.stage import Stage
from shop.delivery import GROUP
from shop.events import TOPIC, Event
from shop.watched.front import STOCK

__all__ = ["STORIES", "Play", "door", "journey", "request_of"]

Play = Callable[[Stage], None]
HARNESS = "shop.watched.harness"
CALLS_MAX = 4
ITEMS = {
    "a": "lamp", "b": "mug", "c": "kettle", "d": "lamp", "e": "unicorn", "f": "mug", "g": "lamp", "h": "mug", "i": "lamp", "j": "mug",
    "k": "lamp", "m": "chair", "n": "kettle", "z": "chair",
}  # fmt: skip
QUANTITIES = {"m": STOCK["chair"] + 1, "n": STOCK["kettle"]}
"""One more than there is, and all that there is; the others want one."""
BUYERS = {"a": "Ada", "b": "Bao", "c": "Chidi", "d": "Dana", "e": "Emre", "f": "Zoë O'Brien", "z": "Zhen"}
OTHERS = "Ife"
SENT = {"d9": 'x"}\n{"level": "error", "event": "shop.burnt.down"}', "f9": "f" * 200} | {
    "g8": "g" * 8, "h7": "h" * 7, "i6": "i" * 64, "j5": "j" * 65, "k4": "kkkk_4444_5f0c",
}  # fmt: skip
"""A header may hold anything: a line break with a line of the attacker's own, and far too much; then what is usable by one character, or misses it by one."""


def request_of(word: str) -> dict[str, Any]:
    """The HTTP request of a word."""
    order = {"purchase_id": f"p-{word[0]}", "buyer": BUYERS.get(word[0], OTHERS), "item": ITEMS[word[0]], "quantity": QUANTITIES.get(word[0], 1)}
    sent = _sent_with(word)
    return {"headers": {"content-type": "application/json"} | ({"x-correlation-id": sent} if sent else {}), "body": order}


def _sent_with(word: str) -> str | None:
    if word[1] == "0" or word[0] == "z":
        return None
    return SENT.get(word, f"{word[0] * 4}-{word[1] * 4}-5f0c")


def door(handler: str) -> Play:
    """Overlapping requests at the API."""

    def play(stage: Stage) -> None:
        answers, lines = _served(stage, handler)
        _told(stage, ("api",), answers, lines, tables=("purchase", "outbox"))

    return play


def journey(handler: str, relay: str, consume: str) -> Play:
    """The whole way: requests, relay, warehouse."""

    def play(stage: Stage) -> None:
        answers, lines = _served(stage, handler)
        trouble = _drained(stage, "relay-1", relay, lines, lambda: _all_published(stage))
        strangers = [_event(word) for word in stage.input if word[0] == "z"]
        stage.lane.send(TOPIC, [Sent(event.key, event.encode()) for event in strangers])
        trouble = trouble or _drained(stage, "warehouse-1", consume, lines, lambda: _all_read(stage))
        _told(stage, ("api", "relay", "warehouse"), answers, lines, tables=("purchase", "outbox", "parcel"), trouble=trouble)

    return play


def _all_published(stage: Stage) -> bool:
    return all(row["published_at"] is not None for row in stage.lane.rows("outbox"))


def _all_read(stage: Stage) -> bool:
    return all(one.lag == 0 for one in stage.lane.progress((GROUP,)))


def _event(word: str) -> Event:
    payload = {name: value for name, value in request_of(word)["body"].items() if name != "purchase_id"}
    return Event(purchase_id=f"p-{word[0]}", version=1, kind="OrderPlaced", payload=payload)


def _served(stage: Stage, handler: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    words = [word for word in stage.input if word[0] != "z"]
    ended = stage.once("api-1", f"{HARNESS}.serve", handler, [request_of(word) for word in words])
    if ended.kind != "returned":
        return {f"p-{word[0]}": {"trouble": ended.error} for word in words}, []
    _note(stage, "api-1", ended.value["lines"])
    answers = {f"p-{word[0]}": answer for word, answer in zip(words, ended.value["answers"], strict=True)}
    return answers, [("api-1", line) for line in ended.value["lines"]]


def _drained(stage: Stage, process: str, function: str, lines: list[tuple[str, str]], settled: Callable[[], bool]) -> str:
    """Call until it returns 0, or has said of each thing that it did one line and nothing is left; what went wrong, or nothing."""
    for _ in range(CALLS_MAX):
        before = len(lines)
        ended = stage.once(process, f"{HARNESS}.once", function)
        if ended.kind != "returned":
            return f"{function} fails: {ended.error}"
        lines += [(process, line) for line in ended.value["lines"]]
        _note(stage, process, ended.value["lines"])
        if "trouble" in ended.value:
            return f"{function} fails: {ended.value['trouble']}"
        done = ended.value["value"]
        if isinstance(done, bool) or not isinstance(done, int):
            return f"{function} returned {done!r}; it must return how many it did, and 0 at the end"
        if done == 0 or (done == len(lines) - before and settled()):
            return ""
    return f"{function} had not returned 0 after {CALLS_MAX} calls"


def _told(
    stage: Stage, services: tuple[str, ...], answers: dict[str, Any], lines: list[tuple[str, str]], *, tables: tuple[str, ...], trouble: str = ""
) -> None:
    orders = [
        {
            "order_id": f"p-{word[0]}",
            "sent": _sent_with(word),
            "refused": QUANTITIES.get(word[0], 1) > STOCK.get(ITEMS[word[0]], 0),
            "door": "kafka" if word[0] == "z" else "http",
        }
        for word in stage.input
    ]
    stage.snapshot("in the end", tables, services=services, orders=orders, answers=answers, lines=lines, trouble_behind=trouble)


def _note(stage: Stage, process: str, lines: list[str]) -> None:
    for line in lines:
        stage.note(process, f"writes {_in_short(line)}")


def _in_short(text: str) -> str:
    """A line as the picture has it: event, order, and the id where a story has given it."""
    try:
        line = json.loads(text)
        given = str(line.get("correlation_id") or "no id")
        return f"{line['event']} of {line['order_id']}: {given if given.endswith('-5f0c') or given == 'no id' else 'an id of its own'}"[:70]
    except (ValueError, RecursionError, KeyError, TypeError):
        return "a line that is not structured"


STORIES: dict[str, Any] = {}
"""None that a notebook plays by name: day 11 calls the harness itself."""
