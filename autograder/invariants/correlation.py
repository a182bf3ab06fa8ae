"""The rules of structured logs and of the correlation id. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "EVENTS",
    "RULES",
    "an_id_is_made_once",
    "every_line_is_structured",
    "is_usable",
    "one_id_from_the_door_to_the_parcel",
    "the_shop_still_sells",
]

FIELDS = ("timestamp", "level", "service", "event", "correlation_id")
LEVELS = ("debug", "info", "warning", "error", "critical")
HEADER, KAFKA_HEADER = "X-Correlation-Id", "correlation-id"
EVENTS = {"api": ("request.received", "stock.checked", "order.placed"), "relay": ("event.published",), "warehouse": ("parcel.packed",)}
REFUSED = "order.refused"
USABLE = re.compile(r"[A-Za-z0-9-]{8,64}")

Known = Mapping[str, Any]


def every_line_is_structured(history: History, state: State) -> Violation | None:
    """Every line is one JSON object with timestamp (ISO 8601, UTC), level, service, event and correlation_id; a line about an order names it as order_id."""
    for process, text in state.known.get("lines", ()):
        trouble = _malformed(text, process.partition("-")[0])
        if trouble:
            return _violation(1, f"{process} writes {_line_named(text)} that {trouble}", process)
    return None


def one_id_from_the_door_to_the_parcel(history: History, state: State) -> Violation | None:
    """Whatever an order causes carries the id of its request: every line, in every thread and process, the answer, the outbox row, the Kafka message."""
    ids, orders = _ids(state), [order["order_id"] for order in state.known.get("orders", ())]
    for service in EVENTS:  # in the order of the way, so that the first loss is told and not what follows from it
        for process, line in _lines(state):
            order, said = line.get("order_id"), str(line.get("correlation_id", ""))
            if process.startswith(service) and order in ids and said != ids[order]:
                return _violation(2, f"{process} writes {line.get('event')} of {order} with {_whose(said, ids)}", process)
        trouble = next(filter(None, (_lost_behind(service, order, ids.get(order, ""), state) for order in orders)), "")
        if trouble:
            return _violation(2, trouble)
    return None


def an_id_is_made_once(history: History, state: State) -> Violation | None:
    """A usable id (8 to 64 letters, digits or hyphens) is kept; whoever gets none, or one that is not usable, makes a new one, another for every request and message."""
    seen: dict[str, str] = {}
    others = {order["sent"] for order in state.known.get("orders", ())}
    for order in state.known.get("orders", ()):
        name, sent, said = order["order_id"], order["sent"], _ids(state, made=True).get(order["order_id"])
        if said is None or (is_usable(sent) and (not said or said in others - {sent})):
            continue  # no line, or none of its own: other rules speak of that
        if is_usable(sent) and said != sent:
            return _violation(3, f"the request of {name} came with a usable id, and request.received carries {_short(said)}")
        if not is_usable(said):
            what = f"with {_short(sent)}, which is not usable" if sent else "without an id"
            return _violation(3, f"the request of {name} came {what}, and its lines carry {_short(said)}")
        if said in seen:
            return _violation(3, f"{name} and {seen[said]} carry the same id, and only one of them was sent with it")
        seen[said] = name
    return None


def the_shop_still_sells(history: History, state: State) -> Violation | None:
    """The shop still sells, and says so: what is there is ordered, published and packed once, what is not there is refused, and each step writes its line."""
    for order in state.known.get("orders", ()):
        trouble = _unanswered(order, state) or _undone(order, state) or _unsaid(order, state)
        if trouble:
            return _violation(4, trouble)
    return None


RULES = {
    number: rule.__name__
    for number, rule in enumerate(
        (every_line_is_structured, one_id_from_the_door_to_the_parcel, an_id_is_made_once, the_shop_still_sells), start=1
    )
}
"""Names of the rules by their number in the lab."""


def is_usable(sent: Any) -> bool:
    """May this id be trusted to go into every log? 8 to 64 letters, digits or hyphens.

    >>> is_usable("5f0c-77aa-0001"), is_usable("a\\nb"), is_usable(None)
    (True, False, False)
    """
    return isinstance(sent, str) and USABLE.fullmatch(sent) is not None


def _violation(number: int, evidence: str, process: str = "") -> Violation:
    return Violation(rule=RULES[number], evidence=evidence, process=process)


def _malformed(text: str, service: str) -> str:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return "is no JSON"
    if not isinstance(line, dict):
        return "is no JSON object"
    missing = [name for name in FIELDS if not isinstance(line.get(name), str) or not line[name]]
    if missing:
        return f"has no {missing[0]}"
    if not _is_utc(line["timestamp"]):
        return "has a timestamp that is no ISO 8601 in UTC"
    if line["level"].lower() not in LEVELS:
        return f"has the level {line['level']!r}, which is none of {', '.join(LEVELS)}"
    if line["service"] != service:
        return f"says that its service is {line['service']!r}"
    return "names no order_id" if line["event"] in (*sum(EVENTS.values(), ()), REFUSED) and not isinstance(line.get("order_id"), str) else ""


def _is_utc(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() == timedelta(0)
    except ValueError:
        return False


def _lines(state: State) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lines that can be read, with the process that wrote them."""
    for process, text in state.known.get("lines", ()):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict):
            yield process, line


def _ids(state: State, *, made: bool = False) -> dict[str, str]:
    """The id of each order: the usable one that was sent, else the one that was made. With ``made``: what its first line says."""
    first: dict[str, str] = {}
    for _, line in _lines(state):
        if isinstance(line.get("order_id"), str):
            first.setdefault(line["order_id"], str(line.get("correlation_id") or ""))
    if made:
        return first
    sent = {order["order_id"]: order["sent"] for order in state.known.get("orders", ())}
    return {name: sent[name] if is_usable(sent.get(name)) else said for name, said in first.items()}


def _lost_behind(service: str, name: str, own: str, state: State) -> str:
    """Where the id must stand in what this service hands on, and does not."""
    if service == "api":
        return _lost_at_the_door(name, own, state)
    for message in state.messages if service == "relay" and own and _sent_by(name, state) else ():
        if message.key == name and message.header(KAFKA_HEADER) != own:
            return f"the message of {name} has not its id in the header {KAFKA_HEADER}"
    return ""


def _sent_by(name: str, state: State) -> bool:
    """Is its message one of the relay's?"""
    return any(order["order_id"] == name and order["door"] == "http" for order in state.known.get("orders", ()))


def _lost_at_the_door(name: str, own: str, state: State) -> str:
    answer = state.known.get("answers", {}).get(name)
    if not own or not isinstance(answer, Mapping):
        return ""
    headers = answer.get("headers")
    given = {str(key).lower(): value for key, value in headers.items()} if isinstance(headers, Mapping) else {}
    if given.get(HEADER.lower()) != own:
        return f"the answer to {name} does not bring its id back in the header {HEADER}"
    for row in state.tables.get("outbox", ()):
        if row["purchase_id"] == name and own not in dict(row["headers"] or {}).values():
            return f"the outbox row of {name} does not have its id among its headers, so no relay can know it"
    return ""


def _whose(said: str, ids: Mapping[str, str]) -> str:
    if not said:
        return "no id"
    owner = next((order for order, own in ids.items() if own == said), "")
    return f"the id of {owner}" if owner else "an id that no request has"


def _short(said: Any) -> str:
    return repr(said if not isinstance(said, str) or len(said) <= 40 else said[:40] + "…")


def _line_named(text: str) -> str:
    """A line by its event and its order, or as it stands."""
    try:
        line = json.loads(text)
        return f"a line ({line['event']} of {line['order_id']})"
    except (ValueError, RecursionError, KeyError, TypeError):
        return f"a line ({text[:60]})"


def _unanswered(order: Known, state: State) -> str:
    name = order["order_id"]
    if order["door"] != "http":
        return ""
    answer = state.known.get("answers", {}).get(name)
    if isinstance(answer, Mapping) and "trouble" in answer:
        return f"the request of {name} fails: {answer['trouble']}"
    wanted = 409 if order["refused"] else 201
    status = answer.get("status") if isinstance(answer, Mapping) else None
    return "" if status == wanted else f"the request of {name} is answered with {_short(status)}, not with {wanted}"


def _undone(order: Known, state: State) -> str:
    name, wanted = order["order_id"], 0 if order["refused"] else 1
    if state.known.get("trouble_behind"):
        return str(state.known["trouble_behind"])
    if order["door"] == "http":
        rows = sum(row["purchase_id"] == name for row in state.tables.get("outbox", ()))
        if rows != wanted:
            return f"{name} has {rows} rows in the outbox, not {wanted}"
    if "parcel" not in state.tables:
        return ""
    sent = sum(message.key == name for message in state.messages)
    if sent != wanted:
        return f"{name} was published {sent} times, not {wanted}"
    packed = sum(row["purchase_id"] == name for row in state.tables["parcel"])
    return "" if packed == wanted else f"{name} was packed {packed} times, not {wanted}"


def _unsaid(order: Known, state: State) -> str:
    name = order["order_id"]
    told = {(process.partition("-")[0], line.get("event")) for process, line in _lines(state) if line.get("order_id") == name}
    for service, events in EVENTS.items():
        if service not in state.known.get("services", ()) or (service != "api" and order["refused"]):
            continue
        if order["door"] != "http" and service != "warehouse":
            continue
        for event in events:
            wanted = REFUSED if event == "order.placed" and order["refused"] else event
            if (service, wanted) not in told:
                return f"no line of {service} says {wanted} of {name}"
    return ""
