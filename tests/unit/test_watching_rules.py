"""The rules of metrics, spans and alerts, over, at and under their bounds."""

from __future__ import annotations

from collections import Counter as Tally

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants import watching as rule
from autograder.labs.lab11_watched import series_of

RUN = History(run="r", title="t")
SEEN = [("/orders", "ok", 0.1)] * 97 + [("/orders", "failed", 2.0)] * 3


def exposed(bounds=(0.1, 0.3, 1.5, 2.5), labels=("route", "outcome"), seen=SEEN, more=()):
    registry = CollectorRegistry()
    requests = Counter("shop_requests", "r", [*labels, *more], registry=registry)
    duration = Histogram("shop_request_duration_seconds", "d", ["route"], buckets=bounds, registry=registry)
    for number, (route, outcome, seconds) in enumerate(seen):
        requests.labels(route, outcome, *(str(number) for _ in more)).inc()
        duration.labels(route).observe(seconds)
    return "".join(one for one in generate_latest(registry).decode().splitlines(keepends=True) if "_created" not in one.partition("{")[0])


def metrics(text, halfway=10_000, seen=SEEN):
    known = {"requests": Tally((route, outcome) for route, outcome, _ in seen), "durations": {"/orders": [one[2] for one in seen]}}
    return State(moment="", known={**known, "seen": len(seen), "exposed": text, "series_halfway": halfway})


def says(of, known):
    found = of(RUN, known)
    return found.evidence if found else None


def test_every_request_is_counted_once():
    assert says(rule.every_request_is_counted, metrics(exposed())) is None
    assert "has 96, and there were 97" in says(rule.every_request_is_counted, metrics(exposed(seen=SEEN[1:])))
    assert "has 98, and there were 97" in says(rule.every_request_is_counted, metrics(exposed(seen=[SEEN[0], *SEEN])))


def test_a_program_that_fails_is_told_so_once():
    failed = State(moment="", known={"trouble": "it fails: KeyError"})
    assert says(rule.every_request_is_counted, failed) == "it fails: KeyError"
    assert says(rule.labels_are_bounded, failed) is None and says(rule.the_histogram_can_answer, failed) is None


def test_a_third_label_is_too_much_and_so_are_many_series():
    assert says(rule.labels_are_bounded, metrics(exposed())) is None
    assert "called 'order_id'" in says(rule.labels_are_bounded, metrics(exposed(more=("order_id",))))

    def paths(count):
        return [(f"/orders/{number}", "ok", 0.1) for number in range(count)]

    # one counter series and 2 + 2 of the histogram for each path
    assert says(rule.labels_are_bounded, metrics(exposed(bounds=(0.3,), seen=paths(24)))) is None
    assert "have made 125 series" in says(rule.labels_are_bounded, metrics(exposed(bounds=(0.3,), seen=paths(25))))


def test_more_orders_add_no_series():
    text = exposed()
    there = len([one for one in text.splitlines() if one[0] != "#"])
    assert says(rule.labels_are_bounded, metrics(text, halfway=there)) is None
    assert "made 1 series more" in says(rule.labels_are_bounded, metrics(text, halfway=there - 1))


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ((0.1, 0.3, 1.5, 2.5), None),
        ((0.1, 0.25), "no bucket ends at 0.3 s"),
        ((0.1, 0.25, 0.5, 2.5), "between 0.25 and 0.5 s"),
        ((0.1, 0.3), "from the buckets it is 0.30 s"),
        ((0.3, 1.39), "it is 1.39 s"),
        ((0.3, 1.41), None),
    ],
)
def test_the_buckets_tell_the_slo_and_the_p99(bounds, found):
    said = says(rule.the_histogram_can_answer, metrics(exposed(bounds=bounds)))
    assert (said is None) == (found is None) and (found or "") in (said or "")


# ---- alerts


def ringing(series, fires):
    return State(moment="", known={"series": [series], "fired": [fires]})


def hot(share_in_10_000, minutes=120):
    return [(10_000, share_in_10_000)] * minutes


@pytest.mark.parametrize(("failed", "must"), [(144, True), (143, False)])
def test_it_must_fire_from_14_4_on(failed, must):
    silent = ringing(hot(failed), [False] * 120)
    assert (rule.the_alert_fires_in_time(RUN, silent) is not None) is must


@pytest.mark.parametrize(("late", "good"), [(5, True), (6, False)])
def test_it_may_be_five_minutes_late(late, good):
    fires = [minute >= late for minute in range(120)]
    assert (rule.the_alert_fires_in_time(RUN, ringing(hot(200), fires)) is None) is good


@pytest.mark.parametrize(("failed", "may"), [(70, True), (69, False)])
def test_it_may_fire_from_7_on(failed, may):
    always = ringing(hot(failed), [True] * 120)
    assert (rule.the_alert_is_silent_otherwise(RUN, always) is None) is may


@pytest.mark.parametrize(("after", "may"), [(9, True), (10, False)])
def test_it_is_silent_when_nothing_has_failed_for_ten_minutes(after, may):
    series = hot(300, 60) + hot(0, 30)
    fires = [minute < 60 + after for minute in range(90)]
    assert (rule.the_alert_is_silent_otherwise(RUN, ringing(series, fires)) is None) is may


def test_an_alert_that_always_rings_and_one_that_never_does_are_both_caught():
    series = [series_of(number) for number in range(6)]
    never = State(moment="", known={"series": series, "fired": [[False] * len(one) for one in series]})
    always = State(moment="", known={"series": series, "fired": [[True] * len(one) for one in series]})
    assert rule.the_alert_fires_in_time(RUN, never) and rule.the_alert_is_silent_otherwise(RUN, always)


# ---- spans


def span(name, own, parent="", order_id="", kind="INTERNAL", links=(), trace="t1"):
    attributes = {"order_id": order_id} if order_id else {}
    return {"name": name, "id": own, "parent": parent, "kind": kind, "links": list(links), "trace": trace, "attributes": attributes}


def spans(**changed):
    told = {
        "request": span("POST /orders", "r", "caller", "p-a", "SERVER"),
        "stock": span("check stock", "s", "r", "p-a"),
        "publish": span("publish", "p", "r", "p-a", "PRODUCER"),
        "batch": span("pack batch", "b", kind="CONSUMER", links=["p"], trace="t2"),
    }
    told = {name: {**one, **changed.get(name, {})} for name, one in told.items()}
    return State(moment="", known={"spans": list(told.values()), "orders": [{"order_id": "p-a", "trace": "t1", "span": "caller"}]})


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, None),
        ({"request": {"trace": "t9"}}, "begins a trace of its own"),
        ({"request": {"kind": "INTERNAL"}}, "not SERVER"),
        ({"stock": {"parent": ""}}, "parent of check stock of p-a is none"),
        ({"stock": {"attributes": {}}}, "only one without it"),
        ({"publish": {"parent": "s"}}, "is check stock of p-a, not its POST /orders"),
        ({"batch": {"parent": "p"}}, "child of publish of p-a"),
        ({"batch": {"links": []}}, "no link to the publish of p-a"),
        ({"batch": {"links": ["p", "r"]}}, "2 links for 1 messages"),
        ({"batch": {"kind": "INTERNAL"}}, "not CONSUMER"),
        ({"batch": {"name": "pack"}}, "0 spans 'pack batch'"),
    ],
)
def test_spans_hang_together_as_the_table_says(changed, found):
    said = says(rule.spans_have_their_parents, spans(**changed))
    assert (said is None) == (found is None) and (found or "") in (said or "")
