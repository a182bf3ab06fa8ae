"""The rules of the outbox lab. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from autograder.history import History
from autograder.invariants.state import Message, State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "cleaning_disturbs_nobody",
    "first_appearances_in_order",
    "nothing_committed_stays_unpublished",
    "order_and_message_together",
    "repeated_takes_effect_once",
    "the_younger_relay_is_alone",
    "the_work_gets_done",
]


def order_and_message_together(history: History, state: State) -> Violation | None:
    """No order without its message, and no message without its order."""
    if "purchase" not in state.tables or state.known.get("moved_on"):
        return None
    orders = {row["id"]: row for row in state.rows("purchase")}
    told, strange = _told(state)
    if strange:
        return _violation(1, strange)
    for purchase_id in sorted(set(orders) - set(told)):
        return _violation(1, f"{purchase_id} is ordered, but no message tells of it {state.moment}")
    for purchase_id in sorted(set(told) - set(orders)):
        return _violation(1, f"a message says that {purchase_id} was ordered, but there is no such order {state.moment}")
    for purchase_id, said in told.items():
        order = {name: orders[purchase_id][name] for name in ("buyer", "item", "quantity")}
        if said is not None and said != ("OrderPlaced", order):
            return _violation(1, f"the message of {purchase_id} says {_short(said)}, its order says {_short(('', order))}")
    return None


def nothing_committed_stays_unpublished(history: History, state: State) -> Violation | None:
    """Every committed event is published at least once, and nothing else is published."""
    if "committed" not in state.known:
        return None
    committed = set(state.known["committed"])
    published, strange = _published(state.messages)
    if strange:
        return _violation(2, strange)
    for event_id in sorted(set(published) - committed):
        return _violation(2, f"{event_id} was published, but nobody committed it")
    if state.known.get("drained"):
        for event_id in sorted(committed - set(published)):
            ever = "nobody ever published it" if published else "nothing was ever published"
            return _violation(2, f"{event_id} is committed, the relay says that nothing is left, and {ever}")
    return _changed_on_the_way(state)


def first_appearances_in_order(history: History, state: State) -> Violation | None:
    """The first appearances of one purchase's events are in the order of their versions, with one relay or two."""
    first: dict[str, list[tuple[int, Message]]] = {}
    seen: set[str] = set()
    for message in state.messages:
        event = _event(message)
        if event is None or _id(event) in seen:
            continue
        seen.add(_id(event))
        first.setdefault(event["purchase_id"], []).append((event["version"], message))
    for purchase_id, appearances in sorted(first.items()):
        partitions = {message.partition for _, message in appearances}
        if len(partitions) > 1:
            return _violation(
                3,
                f"the events of {purchase_id} are in Kafka partitions {_and(sorted(partitions))}:"
                " between partitions there is no order",
            )
        versions = [version for version, _ in appearances]
        for earlier, later in zip(versions, versions[1:], strict=False):
            if later < earlier:
                return _violation(3, f"{purchase_id}/{earlier} appears in the topic before {purchase_id}/{later}")
    return None


def repeated_takes_effect_once(history: History, state: State) -> Violation | None:
    """What is repeated, a command or a message, takes effect once."""
    return _orders_once(state) or _shipments_once(state)


def the_work_gets_done(history: History, state: State) -> Violation | None:
    """The work gets done: whoever asks again is answered in the end, and nothing is left lying."""
    trouble = state.known.get("trouble") or "it did not say why"
    for what in state.known.get("unanswered", ()):
        never = "never answered, not even the first time" if state.known.get("refused_at_once") else "never answered"
        return _violation(5, f"{what} is asked for again and again and {never}: {trouble}")
    if state.known.get("finished") is False:
        return _violation(5, f"the work is never finished: {trouble}")
    purchases = {row["id"] for row in state.tables.get("purchase", ())}
    for purchase_id in state.known.get("answered", ()):
        if purchase_id not in purchases:
            return _violation(5, f"the order {purchase_id} was answered, but it is not in the table of purchases")
    counted = state.known.get("counted")
    if counted is not None and counted != len(state.known["committed"]):
        return _violation(5, f"{len(state.known['committed'])} events were published, and its calls returned {counted} in all")
    if state.known.get("drained"):
        left = [row for row in state.tables.get("outbox", ()) if row["published_at"] is None]
        if left and _published(state.messages)[0].get(_row_id(left[0])):
            return _violation(5, f"{_row_id(left[0])} is published, but still marked as waiting: the relay will send it for ever")
    return None


def cleaning_disturbs_nobody(history: History, state: State) -> Violation | None:
    """Cleaning up removes only what is published, no more rows at a time than it was told, and makes nobody wait."""
    kept = {_row_id(row) for row in state.tables.get("outbox", ())}
    for event_id in state.known.get("must_stay", ()):
        if event_id not in kept:
            return _violation(6, f"{event_id} was removed from the outbox and had never been published")
    for removed, limit, said in state.known.get("removals", ()):
        if removed > limit:
            return _violation(6, f"one call removed {removed} rows, it was told to remove at most {limit}")
        if removed != said:
            return _violation(6, f"one call removed {removed} rows and returned {said!r}")
    for table, rows in state.known.get("untouched", {}).items():
        if state.rows(table) != rows:
            return _violation(6, f"the table {table} is not as it was: cleaning up changed more than the outbox")
    if state.known.get("made_wait"):
        return _violation(6, f"{state.known['made_wait']} waits for a lock that the janitor keeps")
    for call in history.calls:
        janitors = [process for process in call.waits_for if process.startswith("janitor")]
        if janitors and not call.process.startswith("janitor"):
            return Violation(
                rule=RULES[6], evidence=f"{call.process} waits for {janitors[0]}'s lock: {call.label}", process=call.process
            )
    return None


def the_younger_relay_is_alone(history: History, state: State) -> Violation | None:
    """Once a younger relay has started and done its work, the older one makes nothing visible any more."""
    before = state.known.get("visible_at_takeover")
    if before is None or len(state.messages) <= before:
        return None
    late = state.messages[-1]
    event = _event(late)
    what = _id(event) if event else "a message"
    return _violation(7, f"relay-1 was replaced, woke up, and made {what} visible a second time, behind relay-2's back")


RULES = {
    number: rule.__name__
    for number, rule in enumerate(
        (
            order_and_message_together,
            nothing_committed_stays_unpublished,
            first_appearances_in_order,
            repeated_takes_effect_once,
            the_work_gets_done,
            cleaning_disturbs_nobody,
            the_younger_relay_is_alone,
        ),
        start=1,
    )
}
"""Names of the rules by their number in the lab; the last two belong to stretch tasks."""


def _violation(number: int, evidence: str) -> Violation:
    return Violation(rule=RULES[number], evidence=evidence)


def _orders_once(state: State) -> Violation | None:
    before = state.known.get("unchanged")
    if before is not None and any(state.rows(table) != rows for table, rows in before.items()):
        return _violation(4, f"a command that was repeated {state.moment} changed what had happened since")
    if "commands" not in state.known:
        return None
    expected = set(state.known["commands"])
    for row in state.tables.get("purchase", ()):
        if row["id"] not in expected:
            return _violation(4, f"somebody ordered {row['id']}, which no browser asked for: one command, two orders")
    events = Counter(row["purchase_id"] for row in state.tables.get("outbox", ()))
    for purchase_id, count in sorted(events.items()):
        if count > 1:
            return _violation(4, f"{purchase_id} was ordered once, and its outbox holds {count} events of it")
    return None


def _shipments_once(state: State) -> Violation | None:
    if "to_ship" not in state.known:
        return None
    shipped = Counter((row["purchase_id"], row["item"], row["quantity"]) for row in state.rows("shipment"))
    wanted = Counter(tuple(line) for line in state.known["to_ship"])
    for line, count in sorted((shipped - wanted).items()):
        total = shipped[line]
        what = f"{line[2]} {line[1]} for {line[0]}"
        if wanted[line]:
            return _violation(4, f"{what} left the warehouse {total} times {state.moment}")
        return _violation(4, f"{what} left the warehouse, which nobody had ordered ({count} too many)")
    for purchase_id in sorted({line[0] for line in wanted}):
        part, whole = (sum(n for line, n in lines.items() if line[0] == purchase_id) for lines in (shipped, wanted))
        if 0 < part < whole:
            return _violation(4, f"{part} of the {whole} parcels of {purchase_id} left the warehouse {state.moment}: half an order")
    if state.known.get("received"):
        for line in sorted((wanted - shipped).elements()):
            return _violation(4, f"{line[2]} {line[1]} for {line[0]} never left the warehouse, and its event will not come again")
    return None


Said = tuple[str, dict[str, Any]]
"""An event's kind and payload."""


def _told(state: State) -> tuple[dict[str, Said | None], str]:
    """Purchases that an outbox row or a message tells of, with what it says; and a message that is no event.

    A row that is marked as published tells nobody anything: no relay will look at it again.
    """
    told: dict[str, Said | None] = {}
    for row in state.tables.get("outbox", ()):
        if row["published_at"] is None:
            told.setdefault(row["purchase_id"], (row["kind"], row["payload"]) if row["version"] == 1 else None)
    for message in state.messages:
        event = _event(message)
        if event is None:
            return told, f"a message that is no event of the shop was published: {message.value[:60]!r}"
        told.setdefault(event["purchase_id"], (event["kind"], event["payload"]) if event["version"] == 1 else None)
    return told, ""


def _changed_on_the_way(state: State) -> Violation | None:
    expected = state.known.get("expected", {})
    for message in state.messages:
        event = _event(message)
        if event is None or _id(event) not in expected:
            continue
        said, meant = (event["kind"], event["payload"]), expected[_id(event)]
        if said != meant or event.get("schema", 1) != 1:
            return _violation(2, f"{_id(event)} was committed as {_short(meant)} and published as {_short(said)}")
    return None


def _published(messages: Iterable[Message]) -> tuple[Counter[str], str]:
    counts: Counter[str] = Counter()
    for message in messages:
        event = _event(message)
        if event is None:
            return counts, f"a message that is no event of the shop was published: {message.value[:60]!r}"
        counts[_id(event)] += 1
    return counts, ""


def _event(message: Message) -> dict[str, Any] | None:
    try:
        event = json.loads(message.value)
        return event if isinstance(event, dict) and _id(event) and isinstance(event["kind"], str) else None
    except (ValueError, TypeError, KeyError):
        return None


def _id(event: dict[str, Any]) -> str:
    return f"{event['purchase_id']}/{int(event['version'])}"


def _row_id(row: Any) -> str:
    return f"{row['purchase_id']}/{row['version']}"


def _short(said: Said) -> str:
    kind, payload = said
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
    return f"{kind} {text if len(text) <= 90 else text[:89] + '…'}".strip()


def _and(values: Iterable[int]) -> str:
    return " and ".join(str(value) for value in values)
