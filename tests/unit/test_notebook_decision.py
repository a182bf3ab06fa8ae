"""A chart opens for a complete record only, keeps the first one, and shows today and never the scenario that is judged."""

from __future__ import annotations

import pytest

from autograder.labs.codes import code_of
from autograder.labs.lab13_scenarios import LAB, scenario_of
from autograder.notebook import my_scenario, unlock
from autograder.notebook.answers import Answers, answers_file
from autograder.notebook.trouble import Trouble

ADA = code_of("Ada Lovelace", LAB)


def record(**changed):
    numbers = {"fails_per_1000": 0.9, "slow_per_1000": 137, "extra_calls_per_100": 3}
    return {"scenario": ADA, "title": "Patience", "decision": "patient retry", "numbers": numbers, **changed}


def unlocked(said):
    def calls():
        return said

    return unlock(calls)


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (record(decision=""), "none of one call"),
        (record(numbers={"fails_per_1000": 0.9, "slow_per_1000": "many"}), "commit a number for slow_per_1000, extra_calls_per_100"),
        (record(scenario="nobody-0000"), "copy the one"),
    ],
)
def test_the_chart_stays_shut_for_a_record_that_is_not_complete(said, why):
    shown = unlocked(said)
    assert shown.chart is None and why in repr(shown)
    assert Answers(answers_file()).first("commit", "l13-calls") is None


def test_an_unwritten_record_is_told_so():
    def calls():
        raise NotImplementedError

    assert "not written yet" in repr(unlock(calls))


def test_the_first_complete_record_is_the_one_that_is_kept():
    assert "Committed." in repr(unlocked(record()))
    again = repr(unlocked(record(decision="one call")))
    assert "You committed first: patient retry" in again


def test_the_chart_shows_today_and_not_the_scenario():
    scenario, shown = scenario_of(ADA, "calls"), unlocked(record())
    assert shown.chart is not None and "figure" in shown._repr_html_()
    today, tomorrow = (f"✓ {1000 * of.lost:.0f}" for of in (scenario.today, scenario.tomorrow))
    assert tomorrow not in shown.chart.frames["today",].svg and today[2:] != tomorrow[2:]


def test_a_scenario_is_asked_for_by_decision_and_name():
    assert ADA in repr(my_scenario("calls", "ada lovelace"))
    with pytest.raises(Trouble, match="There is no decision 'colour'"):
        my_scenario("colour", "Ada")
    with pytest.raises(Trouble, match="at least one letter"):
        my_scenario("calls", "--")
