"""Lab 1's answer sheets: what the judge computes, what the text shows, and which wrong beliefs are recognised."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from autograder.backends.state import ROOT
from autograder.labs import lab01_beliefs as belief
from autograder.labs import find, lab01_histories, lab01_operations
from autograder.labs.lab01_cart import Truth
from autograder.labs.lab01_histories import HISTORIES, Told, explained, picture, timeline
from autograder.labs.lab01_operations import AVAILABLE, OPERATIONS, WAIT, runs

TEXT = (ROOT / "manuscript" / "labs" / "lab01_consistency.md").read_text("utf-8")


@pytest.mark.parametrize("told", HISTORIES, ids=lambda told: told.name)
def test_the_text_shows_the_history_that_is_judged(told):
    assert timeline(told) in TEXT


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_the_text_tells_the_operation_that_is_judged(operation):
    assert f"| `{operation.name}` | {operation.of} | {operation.does} | {operation.invariant} |" in TEXT


def test_each_word_is_the_answer_to_some_history():
    assert set(lab01_histories.truth().values()) == set(lab01_histories.LEVELS)


def test_the_industry_decides_nothing():
    for industry in ("bank", "social network"):
        said = {lab01_operations.truth()[one.name] for one in OPERATIONS if one.of == industry}
        assert said == {AVAILABLE, WAIT}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_the_store_that_waits_keeps_every_invariant_and_refuses_somebody(operation):
    waiting = list(runs(operation, both_sides=False))
    assert all(run.holds for run in waiting)
    assert sum(run.refused for run in waiting) > 0


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_on_one_side_alone_every_invariant_holds(operation):
    together = [run for run in runs(operation, both_sides=True) if len(set(run.sides)) == 1]
    assert [run.holds for run in together] == [True, True]


def test_a_cash_machine_without_a_bound_breaks_its_invariant():
    [machine] = [one for one in OPERATIONS if one.name == "cash_machine"]
    generous = replace(machine, decide=lambda seen, side, ask: "done")
    assert not all(run.holds for run in runs(generous, both_sides=True))


def test_the_reason_of_each_history_names_its_word():
    for told in HISTORIES:
        assert explained(told).startswith(lab01_histories.truth()[told.name])


def test_a_history_becomes_a_picture_with_every_call():
    told = Told(name="h0", lines=("Ada writes 1 1-", "Bao reads 0 2-3"))
    drawn = picture(told)
    assert [(call.process, call.label, call.outcome) for call in drawn.calls] == [
        ("Ada", "wrote 1", "unknown"),
        ("Bao", "read 0", "ok"),
    ]


def test_wrong_beliefs_are_told_apart():
    right = lab01_histories.truth()
    assert belief.of_histories(right) == ""
    assert belief.of_histories({**right, "h2": "neither", "h5": "neither"}) == belief.OLD
    assert belief.of_histories({**right, "h4": "neither", "h6": "neither"}) == belief.OVERLAP
    assert belief.of_histories({**right, "h7": "sequential"}) == belief.ALONE
    assert belief.of_operations(lab01_operations.truth()) == ""
    by_industry = {one.name: WAIT if one.of == "bank" else AVAILABLE for one in OPERATIONS}
    assert belief.of_operations(by_industry) == belief.INDUSTRY


def test_a_removal_takes_what_its_replica_has_seen_and_no_more():
    cart = Truth()
    cart.happened("a", "lamp", "1")
    cart.settled()
    cart.happened("a", "lamp", "2")
    cart.happened("r", "lamp", "1")
    assert cart.in_cart() == ["lamp"]
    cart.settled()
    cart.happened("r", "lamp", "1")
    assert cart.in_cart() == []


def test_the_figures_of_the_text_are_those_of_the_stories():
    weather = {one.name: one.seeds for one in find("1").task("LikeCounter").scenarios + find("1").task("QuorumRegister").scenarios}
    assert weather["likes-weather"] == 12 and re.search(r"twelve times in bad weather", TEXT)
    assert weather["register-weather"] == 20 and re.search(r"twenty times, three people", TEXT)
