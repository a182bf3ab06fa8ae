"""The words that lab 6's stories are made of.

``p1`` is a command; ``a1`` is version 1 of purchase a, committed before the story begins. A last letter says more: ``a1l``
commits late, ``a3m`` commits meanwhile, ``a1w`` is still waiting to be published when others are not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import psycopg
from psycopg.types.json import Jsonb

from autograder.explore.stage import Stage

__all__ = [
    "command_of",
    "commit",
    "commit_now",
    "event_id",
    "event_of",
    "ids_of",
    "kind_of",
    "lines_of",
    "payload_of",
    "purchase_of",
    "tell_of",
    "visible_ids",
    "with_role",
]

BUYERS = (("Ada", "lamp", 1), ("Bao", "mug", 2), ("Chidi", "kettle", 1), ("Dana", "chair", 4), ("Zoë O'Brien", "vase", 1))
ADD_PURCHASE = (
    "insert into purchase (id, buyer, item, quantity, version) values (%s, %s, %s, %s, %s)"
    " on conflict (id) do update set version = excluded.version, quantity = excluded.quantity"
)
ADD_EVENT = "insert into outbox (purchase_id, version, kind, payload) values (%s, %s, %s, %s)"


def with_role(stage: Stage, role: str) -> list[str]:
    """The words whose last letter is this role; without a role, those that have none."""
    return [word for word in stage.input if (word[-1] == role if role else word[-1].isdigit())]


def purchase_of(word: str) -> tuple[str, int]:
    """``a2`` is version 2 of purchase p-a."""
    return f"p-{word[0]}", int(word[1:].rstrip("lmw"))


def event_id(word: str) -> str:
    """The id of the event that a word stands for."""
    purchase_id, version = purchase_of(word)
    return f"{purchase_id}/{version}"


def payload_of(word: str) -> dict[str, object]:
    """What the event of a word says."""
    buyer, item, quantity = BUYERS[(ord(word[0]) - ord("a")) % len(BUYERS)]
    return {"buyer": buyer, "item": item, "quantity": quantity + purchase_of(word)[1] - 1}


def command_of(word: str) -> dict[str, object]:
    """``p1`` is Ada's command, ``p2`` Bao's; p6 is Ada's second lamp."""
    buyer, item, quantity = BUYERS[(int(word[1:]) - 1) % len(BUYERS)]
    return {"$": "PlaceOrder", "purchase_id": f"p-{word[1:]}", "buyer": buyer, "item": item, "quantity": quantity}


def ids_of(commands: dict[str, dict[str, object]]) -> list[object]:
    """The purchases that these commands are about."""
    return [command["purchase_id"] for command in commands.values()]


def event_of(word: str) -> dict[str, object]:
    """The event of a word, as a subject gets it."""
    purchase_id, version = purchase_of(word)
    kind, payload = kind_of(word), payload_of(word)
    return {"$": "Event", "purchase_id": purchase_id, "version": version, "kind": kind, "payload": payload}


def kind_of(word: str) -> str:
    """The kind of a word's event: the first one of a purchase is its order."""
    return "OrderPlaced" if purchase_of(word)[1] == 1 else "OrderChanged"


def commit(stage: Stage, words: Iterable[str]) -> None:
    """Purchases and events that were committed before the story begins, in this order."""
    for word in words:
        (purchase_id, version), payload = purchase_of(word), payload_of(word)
        stage.seed(ADD_PURCHASE, purchase_id, *payload.values(), version)
        stage.seed(ADD_EVENT, purchase_id, version, kind_of(word), Jsonb(payload))


def tell_of(session: Callable[..., None], word: str) -> None:
    """The same inside a service's own transaction."""
    (purchase_id, version), payload = purchase_of(word), payload_of(word)
    what = "insert into" if version == 1 else "update"
    shown = f"{what} purchase {purchase_id}: {payload['item']}, {payload['quantity']}"
    session("insert purchase", shown, ADD_PURCHASE, purchase_id, *payload.values(), version)
    shown = f"insert into outbox ('{purchase_id}', {version}, '{kind_of(word)}') returning id"
    session("insert outbox", shown, f"{ADD_EVENT} returning id", purchase_id, version, kind_of(word), Jsonb(payload))


def commit_now(stage: Stage, words: Iterable[str]) -> bool:
    """Another checkout commits these events now; False, and nothing has happened, when it would have to wait for a lock."""
    words = list(words)
    if not words:
        return True
    with stage.service("checkout-2") as tell:
        try:
            tell("BEGIN", "begin", "begin")
            for word in words:
                tell_of(tell, word)
            tell("COMMIT", "commit", "commit")
        except psycopg.errors.LockNotAvailable:
            tell("ROLLBACK", "rollback: somebody keeps a lock on it", "rollback")
            return False
    return True


def lines_of(events: Iterable[dict[str, object]]) -> list[tuple[object, object, object]]:
    """What the warehouse must ship for these events, each parcel once."""
    lines = []
    for event in events:
        payload = event["payload"]
        for line in payload.get("items", [payload]) if event["kind"] == "OrderPlaced" else ():
            lines.append((event["purchase_id"], line["item"], line["quantity"]))
    return lines


def visible_ids(stage: Stage) -> list[str]:
    """The ids of the events that a consumer would see now, in order; what is no event has an id that no event has."""
    return [_visible_id(message.value) for message in stage.lane.messages()]


def _visible_id(value: str) -> str:
    try:
        event = json.loads(value)
        return f"{event['purchase_id']}/{event['version']}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
