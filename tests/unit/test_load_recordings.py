"""A recording of a sale: what it counts, what the rules read from it, and the picture that is made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autograder.diagram.sale import Ruling
from autograder.explore.load import strikes_for
from autograder.explore.load_ending import broken_by, ending_of
from autograder.explore.load_picture import report_of, timeline_of
from autograder.explore.load_record import FaultMark, Histogram, Recording, Sample
from autograder.explore.names import RunName
from autograder.invariants import sale
from autograder.labs.lab14_rush import Rush, plan_of

TWO = {"purchase": [{"id": "k-0", "status": "paid"}, {"id": "k-1", "status": "declined"}], "shipment": []}
KILLED = FaultMark(what="redis", why="answer 2", at_s=0.4, answered=2, down_s=0.05)
RECORDING = Recording(
    buyers=4,
    workers=2,
    seed="1",
    finished=True,
    told=("paid", "declined", "sold out", "sold out"),
    answers=({"status": "paid"}, {"status": "declined"}, {"status": "sold out"}, {"status": "sold out"}),
    wall_s=0.8,
    samples=(Sample(at_s=0.0, answered=0, waiting=4, probes={"left": 1.0}), Sample(at_s=0.8, answered=4, probes={"left": None}, p99_ms=700.0)),
    faults=(KILLED,),
    state={"tables": TWO, "charges": [{"id": "ch-1", "purchase_id": "k-0", "amount": 4900}], "refunds": []},
)
RULES = (sale.nothing_is_oversold, sale.nobody_pays_twice, sale.captured_is_paid, sale.what_was_told_is_true)


def broken(**changes: Any) -> list[str]:
    recording = replace(RECORDING, **changes)
    ending = ending_of(recording, stock=1, waiting_max=0, key_of=lambda number: f"k-{number}", is_declined=lambda key: key == "k-1")
    return [name for name, violation in broken_by(ending, RULES).items() if violation is not None]


def test_a_sale_that_kept_its_promises_breaks_nothing() -> None:
    assert broken() == []


def test_one_unit_more_is_found() -> None:
    two_paid = {"purchase": [{"id": "k-0", "status": "paid"}, {"id": "k-2", "status": "paid"}]}
    assert "nothing_is_oversold" in broken(state=RECORDING.state | {"tables": two_paid})


def test_a_second_charge_is_found() -> None:
    twice = [{"id": f"ch-{number}", "purchase_id": "k-0", "amount": 4900} for number in (1, 2)]
    assert broken(state=RECORDING.state | {"charges": twice}) == ["nobody_pays_twice"]


def test_a_late_answer_that_says_something_else_is_found() -> None:
    assert broken(late=((2, {"status": "declined"}),)) == ["what_was_told_is_true"]


def test_a_buyer_without_an_answer_was_told_nothing() -> None:
    ending = ending_of(
        replace(RECORDING, told=("paid", "declined", "unknown", "sold out"), pending=(2,), finished=False),
        stock=1, waiting_max=0, key_of=lambda number: f"k-{number}", is_declined=lambda key: key == "k-1",
    )  # fmt: skip
    assert "k-2" not in ending.told and ending.gone == {"k-2"} and not ending.quiet


def test_a_sale_that_did_not_finish_breaks_no_rule_about_its_end() -> None:
    unpaid = RECORDING.state | {"charges": []}
    assert broken(state=unpaid, finished=False) == [] and broken(state=unpaid) == ["captured_is_paid"]


@pytest.mark.parametrize(("latencies", "p50", "p99"), [((), 0.0, 0.0), ((5.0,), 5.0, 5.0), (range(100), 50.0, 99.0)])
def test_percentiles_are_exact(latencies: Any, p50: float, p99: float) -> None:
    counted = Histogram.of(latencies)
    assert (counted.p50_ms, counted.p99_ms, counted.total) == (p50, p99, len(latencies))


def test_strikes_are_the_same_for_the_same_seed_and_reach_everybody() -> None:
    struck = strikes_for(1000, 3, seed=7, stock=100)
    assert struck == strikes_for(1000, 3, seed=7, stock=100) != strikes_for(1000, 3, seed=8, stock=100)
    assert {fault.what for fault in struck} == {"worker-1", "worker-2", "worker-3", "redis", "gateway"}
    assert all(0 < fault.answered <= 1000 for fault in struck if not fault.call)


def test_the_timeline_shows_what_was_seen_and_leaves_out_what_was_not() -> None:
    timeline = timeline_of(RECORDING)
    assert timeline.panels[0].series[0].values == (1.0, None)
    assert [mark.words for mark in timeline.marks] == ["redis killed at answer 2, back after 50 ms"]


def test_the_report_certifies_only_what_struck_and_was_kept() -> None:
    kept = (Ruling(number=1, text="Not one unit more.", decision="kept"),)
    assert report_of(RECORDING, kept).is_certified
    assert not report_of(replace(RECORDING, faults=()), kept).is_certified
    unfinished = report_of(replace(RECORDING, finished=False, why="it did not finish"), kept)
    assert unfinished.decision == "unknown"
    by_itself = replace(KILLED, what="worker-1", why="by itself", words="it exited")
    assert report_of(replace(RECORDING, faults=(by_itself,)), kept).survived == ()


def judged_by_the_lab(rule: Any, **changes: Any) -> tuple[bool, str]:
    """Is the rule of lab 14 broken, and what does the page of the sale say in plain text?"""
    recording = replace(RECORDING, state=RECORDING.state | {"messages": []}, **changes)
    rush = Rush(name="rush", title="A sale", rules=(rule,), input=("b4",))
    played = rush.judged(RunName(lab="14", scenario="rush", input=("b4",)), recording, plan_of(4))
    return bool(played.violations), played.pages[1]


def test_the_lab_hears_a_late_answer_too() -> None:
    assert not judged_by_the_lab(sale.what_was_told_is_true)[0]
    assert judged_by_the_lab(sale.what_was_told_is_true, late=((2, {"status": "paid"}),))[0]


def test_in_the_lab_a_sale_that_did_not_finish_keeps_no_promise_about_its_end() -> None:
    told = ("paid", "declined", "unknown", "sold out")
    nobody_knows, page = judged_by_the_lab(sale.captured_is_paid, told=told, pending=(2,), finished=False, why="the time was over")
    assert not nobody_knows and "?" in page and "✓" not in page
    assert judged_by_the_lab(sale.everybody_is_answered, told=told, pending=(2,), finished=False)[0]
