"""A solver for lab 11's incidents that sees what a learner sees: the signals and the contracts, nothing of the simulation.

It asks every contract of the lines, names the component whose contract was broken, cites the first line that breaks it,
and reckons from the lines which orders that has touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from autograder.labs.lab11_signals import Line, Signals

__all__ = ["breaches", "shortcuts", "solve"]


def seconds(at: str) -> float:
    hours, minutes, rest = at.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def number(line: Line) -> int:
    return int(line["line"].rpartition("-")[2])


class Read:
    """The lines, by service in the order of their numbers, and by order."""

    def __init__(self, signals: Signals) -> None:
        self.spans = {span.id: span for span in signals.spans}
        self.by = defaultdict(list)
        for line in sorted(signals.lines, key=number):
            self.by[line["service"]].append(line)
        self.id_of, self.order_of, self.place_of = {}, {}, {}
        for line in self.of("request.received", "api"):
            self.id_of[line["order_id"]] = line["correlation_id"]
            self.order_of[line["correlation_id"]] = line["order_id"]
        self.placed = {line["order_id"]: line for line in self.of("order.placed", "api")}
        self.status = {line["order_id"]: line["status"] for line in self.of("request.answered", "api")}
        self.published = self.of("event.published", "relay")
        self.packed = {line["order_id"] for line in self.of("parcel.packed", "warehouse")}
        self.set_aside = {line["order_id"] for line in self.of("message.set_aside", "warehouse")}

    def of(self, event: str, service: str) -> list[Line]:
        return [line for line in self.by[service] if line["event"] == event]

    def root(self, span: str) -> str:
        while self.spans[span].parent:
            span = self.spans[span].parent
        return span

    def order_of_span(self, line: Line) -> str:
        """Whose order a line is about, by the spans and never by the id that it carries."""
        roots = self.__dict__.setdefault("_roots", {
            line["span"]: line["order_id"] for line in self.of("request.received", "api")
        })  # fmt: skip
        return roots.get(self.root(line["span"]), "") if "span" in line else ""

    def without_connection(self) -> set[str]:
        """Orders with status 503 that got no connection, or waited for a price whose fetch got none."""
        lines = [*self.of("connection.refused", "pool"), *self.of("price.unavailable", "cache")]
        return {name for line in lines if self.status.get(name := self.order_of_span(line)) == 503}


def leaks(read: Read) -> tuple[list[Line], set[str]]:
    back = defaultdict(list)
    for line in read.by["pool"]:
        if line["event"] in ("connection.returned", "connection.taken"):
            back[line["connection"]].append(line)
    last = max(seconds(line["at"]) for line in read.by["pool"])
    bad = []
    for lines in back.values():
        for here, following in zip(lines, [*lines[1:], None], strict=True):
            if here["event"] == "connection.taken" and (following is None or following["event"] == "connection.taken"):
                if following is not None or last - seconds(here["at"]) > 1:
                    bad.append(here)
    return bad, read.without_connection()


def stampedes(read: Read) -> tuple[list[Line], set[str]]:
    bad, running = [], defaultdict(int)
    for line in read.by["cache"]:
        if line["event"] == "price.fetching":
            if running[line["item"]]:
                bad.append(line)
            running[line["item"]] += 1
        if line["event"] in ("price.kept", "price.unavailable"):
            running[line["item"]] = max(0, running[line["item"]] - 1)
    return bad, read.without_connection()


def stale(read: Read) -> tuple[list[Line], set[str]]:
    bad = [line for line in read.of("price.hit", "cache") if line["age_s"] > 20]
    return bad, {read.order_of_span(line) for line in bad}


def skews(read: Read) -> tuple[list[Line], set[str]]:
    bad = []
    for line in read.by["stock"]:
        if "span" not in line:
            continue
        root = read.spans[read.root(line["span"])]
        if not root.start_s - 0.5 <= seconds(line["at"]) - 36000 <= root.start_s + root.ms / 1000 + 0.5:
            bad.append(line)
    touched = {line["order_id"] for line in read.of("reservation.expired", "api")}
    return bad, touched


def storms(read: Read) -> tuple[list[Line], set[str]]:
    bad = [
        line
        for line in read.of("charge.attempt", "payment")
        if line["attempt"] > 3 or line["attempt"] == 2 and line["pause_ms"] < 400 or line["attempt"] == 3 and line["pause_ms"] < 800
    ]
    failed = {read.order_of_span(line) for line in read.of("charge.failed", "payment")}
    gave_up = {read.order_of_span(line): line["attempt"] for line in read.of("charge.attempt", "payment")}
    return bad, {name for name in failed if gave_up[name] > 3}


def slow_gateway(read: Read) -> tuple[list[Line], set[str]]:
    answered = [line for line in read.by["gateway"] if line.get("ms", 0) > 800]
    if not answered:
        return [], set()
    # whoever is not answered asks again, and so others find the gateway busy: everybody whose payment failed from then on
    since_s = seconds(answered[0]["at"]) - 0.5
    return answered, {read.order_of_span(line) for line in read.of("charge.failed", "payment") if seconds(line["at"]) > since_s}


def forgotten(read: Read) -> tuple[list[Line], set[str]]:
    seen, bad = set(), []
    for line in read.of("charge.made", "gateway"):
        if line["key"] in seen:
            bad.append(line)
        seen.add(line["key"])
    return bad, {line["key"].removeprefix("k-") for line in bad}


def lost_context(read: Read) -> tuple[list[Line], set[str]]:
    bad = [line for line in read.by["api"] if "order_id" in line and line["correlation_id"] != read.id_of[line["order_id"]]]
    return bad, {line["order_id"] for line in bad}


def borrowed(read: Read) -> tuple[list[Line], set[str]]:
    bad = [line for line in read.published if line["correlation_id"] != read.id_of[line["order_id"]]]
    return bad, {line["order_id"] for line in bad}


def marked_unsent(read: Read) -> tuple[list[Line], set[str]]:
    sent, bad, missing = set(), [], set()
    rows = {line["outbox_id"]: name for name, line in read.placed.items()}
    for line in read.by["relay"]:
        if line["event"] == "event.published":
            sent.add(line["outbox_id"])
        if line["event"] == "batch.marked" and (never := [row for row in line["outbox_ids"] if row not in sent]):
            bad.append(line)
            missing |= {rows[row] for row in never}
    return bad, missing


def unhandled(read: Read) -> set[str]:
    """Published, and in the end neither packed nor set aside."""
    return {line["order_id"] for line in read.published} - read.packed - read.set_aside


def poison(read: Read) -> tuple[list[Line], set[str]]:
    return [line for line in read.of("message.failed", "warehouse") if line["attempt"] > 3], unhandled(read)


def early_commits(read: Read) -> tuple[list[Line], set[str]]:
    place = {line["order_id"]: (line["partition"], line["offset"]) for line in read.published}
    done, bad = defaultdict(set), []
    for line in read.by["warehouse"]:
        if line["event"] in ("parcel.packed", "message.set_aside"):
            partition, offset = place[line["order_id"]]
            done[partition].add(offset)
        if line["event"] == "offset.committed" and any(one not in done[line["partition"]] for one in range(line["offset"])):
            bad.append(line)
    return bad, unhandled(read)


CONTRACTS = {
    ("pool", leaks), ("cache", stampedes), ("cache", stale), ("stock", skews), ("payment", storms), ("gateway", slow_gateway),
    ("gateway", forgotten), ("api", lost_context), ("relay", borrowed), ("relay", marked_unsent), ("warehouse", poison),
    ("warehouse", early_commits),
}  # fmt: skip


def breaches(signals: Signals) -> list[tuple[str, str, frozenset[str]]]:
    """Every contract that the signals show to be broken: component, first line, touched orders."""
    read = Read(signals)
    found = []
    for component, asked in sorted(CONTRACTS, key=lambda one: one[1].__name__):
        bad, orders = asked(read)
        if bad:
            found.append((component, min(bad, key=number)["line"], frozenset(orders)))
    return found


def solve(signals: Signals) -> tuple[str, str, frozenset[str]] | None:
    """The answer, where exactly one contract is broken."""
    found = breaches(signals)
    return found[0] if len(found) == 1 else None


def shortcuts(signals: Signals) -> dict[str, Any]:
    """What somebody says who does not read: the component of the first ERROR line, and the like; the orders that failed."""
    errors = [line for line in signals.lines if line["level"] == "error"]
    deploys = [line for line in signals.lines if line["event"] == "config.loaded"]
    bad = [line for line in signals.lines if line["level"] in ("error", "warning")]
    return {
        "component of the first ERROR line": errors[0]["service"],
        "component with most ERROR lines": most(line["service"] for line in errors),
        "component with most WARNING and ERROR lines": most(line["service"] for line in bad),
        "component of the last deploy before the first failed order": last_deploy(signals, deploys),
        "first ERROR line": errors[0]["line"],
        "orders with status 5xx": frozenset(
            line["order_id"] for line in signals.lines if line["event"] == "request.answered" and line["status"] >= 500
        ),
        "orders with an ERROR line": frozenset(line["order_id"] for line in errors if "order_id" in line),
    }


def most(names: Iterable[str]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return max(counts, key=counts.__getitem__)


def last_deploy(signals: Signals, deploys: list[Line]) -> str:
    failed = [line["at"] for line in signals.lines if line["event"] == "request.answered" and line["status"] >= 500]
    before = [line["service"] for line in deploys if not failed or line["at"] < failed[-1]]
    return before[-1] if before else ""
