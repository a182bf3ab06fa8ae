"""The rules of metrics, spans and alerts. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "burn_rate",
    "every_request_is_counted",
    "labels_are_bounded",
    "spans_have_their_parents",
    "the_alert_fires_in_time",
    "the_alert_is_silent_otherwise",
    "the_histogram_can_answer",
]

COUNTER, HISTOGRAM = "shop_requests_total", "shop_request_duration_seconds"
SERIES_MAX = 120
SLO_S = 0.3
P99_OFF_MAX = 0.30
LABELS = {"route", "outcome"}

FAST, CALM = 14.4, 7.0
"""Burn rates of the last hour: from the one on the alert must fire, below the other it must not."""
LATE_MAX = 5
ONE_MAY_FAIL_OF = 1000
"""What 99.9 % leaves."""
HOUR, SHORT = 60, 10


def every_request_is_counted(history: History, state: State) -> Violation | None:
    """The counter shop_requests_total has every request once, by route and outcome; shop_request_duration_seconds has every duration, by route."""
    if trouble := _trouble(state):
        return _violation(5, trouble)
    metrics = _Exposed.read(state.known["exposed"])
    wanted = Counter(state.known["requests"])
    if metrics.requests != wanted:
        route, outcome = next(iter((wanted - metrics.requests) or (metrics.requests - wanted)))
        there = metrics.requests[route, outcome]
        return _violation(5, f'of the requests with route="{route}" and outcome="{outcome}" {COUNTER} has {there:g}, and there were {wanted[route, outcome]}')
    for route, seconds in state.known["durations"].items():
        if metrics.counts.get(route) != len(seconds):
            return _violation(5, f'there were {len(seconds)} durations with route="{route}", and {HISTOGRAM}_count has {metrics.counts.get(route, 0):g}')
        if not math.isclose(metrics.sums.get(route, 0.0), sum(seconds), rel_tol=1e-6):
            return _violation(5, f'the durations with route="{route}" add up to {sum(seconds):.1f} s, and {HISTOGRAM}_sum has {metrics.sums.get(route, 0.0):.1f}')
    return None


def labels_are_bounded(history: History, state: State) -> Violation | None:
    """The labels are route and outcome alone, there are at most 120 series in all, and more orders and paths add none."""
    if _trouble(state):
        return None
    ended, halfway = _Exposed.read(state.known["exposed"]), state.known["series_halfway"]
    if ended.labels - LABELS - {"le"}:
        return _violation(6, f"a label is called {sorted(ended.labels - LABELS - {'le'})[0]!r}: the only labels are route and outcome")
    if ended.series > SERIES_MAX:
        return _violation(6, f"{state.known['seen']} requests have made {ended.series} series, and at most {SERIES_MAX} are allowed")
    if ended.series > halfway:
        return _violation(6, f"the second half of the requests has made {ended.series - halfway} series more: some label grows with the orders")
    return None


def the_histogram_can_answer(history: History, state: State) -> Violation | None:
    """The histogram's buckets tell how many requests took at most 300 ms, exactly, and the p99 within 30 %."""
    if _trouble(state):
        return None
    metrics = _Exposed.read(state.known["exposed"])
    if not metrics.bounds:
        return _violation(7, f"{HISTOGRAM} has no buckets: from a sum and a count only a mean can be had, and a mean hides the slow ones")
    if not any(math.isclose(bound, SLO_S) for bound in metrics.bounds):
        below, above = max((one for one in metrics.bounds if one < SLO_S), default=0.0), min((one for one in metrics.bounds if one > SLO_S))
        return _violation(7, f"no bucket ends at 0.3 s: of the requests between {below:g} and {above:g} s nobody can tell whether they kept the SLO")
    true = sorted(second for seconds in state.known["durations"].values() for second in seconds)
    p99 = true[math.ceil(0.99 * len(true)) - 1]
    said = metrics.quantile(0.99)
    if abs(said - p99) > P99_OFF_MAX * p99:
        return _violation(7, f"the p99 is {p99:.2f} s, and from the buckets it is {said:.2f} s")
    return None


def spans_have_their_parents(history: History, state: State) -> Violation | None:
    """The request's span continues its caller's; check stock and publish belong to their own request; pack batch begins a trace of its own, with a link to each publish."""
    if trouble := _trouble(state):
        return _violation(9, trouble)
    spans, orders = state.known["spans"], state.known["orders"]
    by = {(span["name"], span["attributes"].get("order_id", "")): span for span in spans}
    for order in orders:
        if said := _of_one_order(order, by, spans):
            return _violation(9, said)
    return _of_the_batch(orders, by, spans)


def the_alert_fires_in_time(history: History, state: State) -> Violation | None:
    """The SLO is 99.9 %. When the requests of the last hour have burned its budget at 14.4 times the sustainable rate or more, and those of the last 5 minutes too, the alert fires within 5 minutes."""
    if trouble := _trouble(state):
        return _violation(10, trouble)
    for series, fired in _alarms(state):
        due = 0
        for minute in range(len(series)):
            hot = burn_rate(series[max(0, minute - HOUR + 1) : minute + 1]) >= FAST and burn_rate(series[max(0, minute - 4) : minute + 1]) >= FAST
            due = due + 1 if hot else 0
            if due > LATE_MAX and not any(fired[minute - LATE_MAX : minute + 1]):
                return _violation(10, f"in minute {minute} the budget has burned at {FAST} times the sustainable rate for {due} minutes, and the alert is silent")
    return None


def the_alert_is_silent_otherwise(history: History, state: State) -> Violation | None:
    """It does not fire while the last hour has burned at less than 7 times that rate, nor when nothing has failed for 10 minutes."""
    if _trouble(state):
        return None
    for series, fired in _alarms(state):
        for minute, rings in enumerate(fired):
            if not rings:
                continue
            rate = burn_rate(series[max(0, minute - HOUR + 1) : minute + 1])
            if rate < CALM:
                total, failed = series[minute]
                return _violation(11, f"it fires in minute {minute} with {failed} of {total} requests failed, and the last hour has burned at {rate:.1f} times the rate")
            if not any(failed for _, failed in series[max(0, minute - SHORT + 1) : minute + 1]):
                return _violation(11, f"it still fires in minute {minute}, and nothing has failed for {SHORT} minutes")
    return None


RULES = {
    5: every_request_is_counted.__name__,
    6: labels_are_bounded.__name__,
    7: the_histogram_can_answer.__name__,
    9: spans_have_their_parents.__name__,
    10: the_alert_fires_in_time.__name__,
    11: the_alert_is_silent_otherwise.__name__,
}
"""Names of the rules by their number in the lab; rule 8 is the incident's."""


def burn_rate(minutes: Sequence[Sequence[int]]) -> float:
    """How many times faster than sustainable the error budget burns: the share that failed, by the share that may.

    >>> round(burn_rate([(900, 0), (100, 10)]), 1)
    10.0
    """
    total, failed = sum(one[0] for one in minutes), sum(one[1] for one in minutes)
    return failed * ONE_MAY_FAIL_OF / total if total else 0.0


@dataclass(frozen=True, kw_only=True)
class _Exposed:
    """What a registry exposes."""

    requests: Counter[tuple[str, str]]
    counts: dict[str, float]
    sums: dict[str, float]
    buckets: dict[float, float]
    """Over all routes: how many took at most so many seconds."""
    series: int
    labels: frozenset[str]

    @classmethod
    def read(cls, text: str) -> _Exposed:
        samples = [one for family in text_string_to_metric_families(text) for one in family.samples if not one.name.endswith("_created")]
        requests: Counter[tuple[str, str]] = Counter()
        buckets: Counter[float] = Counter()
        counts: Counter[str] = Counter()
        sums: Counter[str] = Counter()
        for one in samples:
            route = one.labels.get("route", "")
            if one.name == COUNTER:
                requests[route, one.labels.get("outcome", "")] += int(one.value)
            elif one.name == f"{HISTOGRAM}_bucket":
                buckets[float(one.labels["le"])] += one.value
            elif one.name == f"{HISTOGRAM}_count":
                counts[route] += one.value
            elif one.name == f"{HISTOGRAM}_sum":
                sums[route] += one.value
        labels = frozenset(name for one in samples for name in one.labels)
        return cls(requests=requests, counts=counts, sums=sums, buckets=dict(buckets), series=len(samples), labels=labels)

    @property
    def bounds(self) -> list[float]:
        """Where buckets end, the one without an end included."""
        return sorted(self.buckets)

    def quantile(self, share: float) -> float:
        """As Prometheus reckons it: along a straight line inside its bucket; the last finite bound where it lies beyond."""
        rank, below, start = share * self.buckets[math.inf], 0.0, 0.0
        for bound in self.bounds:
            if self.buckets[bound] >= rank:
                if math.isinf(bound):
                    return start
                inside = self.buckets[bound] - below
                return start + (bound - start) * (rank - below) / inside if inside else bound
            below, start = self.buckets[bound], bound
        return start


def _violation(number: int, evidence: str) -> Violation:
    return Violation(rule=RULES[number], evidence=evidence)


def _trouble(state: State) -> str:
    """Why there is nothing to judge."""
    return str(state.known.get("trouble") or "")


def _alarms(state: State) -> Iterable[tuple[Sequence[Sequence[int]], Sequence[bool]]]:
    return zip(state.known["series"], state.known["fired"], strict=True)


Spans = Sequence[Mapping[str, Any]]


def _of_one_order(order: Mapping[str, Any], by: Mapping[tuple[str, str], Mapping[str, Any]], spans: Spans) -> str:
    name = order["order_id"]
    for wanted in ("POST /orders", "check stock", "publish"):
        if (wanted, name) not in by:
            loose = any(span["name"] == wanted and "order_id" not in span["attributes"] for span in spans)
            return f"there is no ended span {wanted!r} with the attribute order_id of {name}" + (", only one without it" if loose else "")
    request, stock, publish = (by[wanted, name] for wanted in ("POST /orders", "check stock", "publish"))
    if order["trace"] and (request["trace"], request["parent"]) != (order["trace"], order["span"]):
        return f"the request of {name} came with a traceparent, and its span begins a trace of its own"
    if not order["trace"] and request["parent"]:
        return f"the request of {name} came without a traceparent, and its span has a parent"
    for span, what in ((stock, "check stock"), (publish, "publish")):
        if span["parent"] != request["id"]:
            return f"the parent of {what} of {name} is {_named(span['parent'], spans)}, not its POST /orders"
    kinds = {"POST /orders": (request, "SERVER"), "publish": (publish, "PRODUCER")}
    wrong = next((f"{what} of {name} is of kind {span['kind']}, not {kind}" for what, (span, kind) in kinds.items() if span["kind"] != kind), "")
    return wrong


def _of_the_batch(orders: Spans, by: Mapping[tuple[str, str], Mapping[str, Any]], spans: Spans) -> Violation | None:
    batches = [span for span in spans if span["name"] == "pack batch"]
    if len(batches) != 1:
        return _violation(9, f"one batch was packed, and there are {len(batches)} spans 'pack batch'")
    [batch] = batches
    wanted = {by["publish", order["order_id"]]["id"]: order["order_id"] for order in orders}
    if batch["parent"]:
        return _violation(9, f"pack batch is a child of {_named(batch['parent'], spans)}: a batch has {len(wanted)} causes, and a span one parent")
    missing = [name for span, name in wanted.items() if span not in batch["links"]]
    if missing:
        return _violation(9, f"pack batch has no link to the publish of {missing[0]}; it has {len(batch['links'])} links for {len(wanted)} messages")
    if len(batch["links"]) != len(wanted):
        return _violation(9, f"pack batch has {len(batch['links'])} links for {len(wanted)} messages")
    return _violation(9, f"pack batch is of kind {batch['kind']}, not CONSUMER") if batch["kind"] != "CONSUMER" else None


def _named(span_id: str, spans: Spans) -> str:
    found = next((span for span in spans if span["id"] == span_id), None)
    if found is None:
        return "a span of nobody here" if span_id else "none"
    order = found["attributes"].get("order_id")
    return f"{found['name']} of {order}" if order else str(found["name"])
