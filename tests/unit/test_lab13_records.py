"""Scenarios of one's own, and what a record must hold to be read: the same for everybody, solvable by arithmetic."""

from __future__ import annotations

import pytest

from autograder.invariants.tradeoffs import is_near
from autograder.labs.codes import NoSuchCode, code_of
from autograder.labs.lab13_beliefs import COPIED, OUTAGE, TODAY, belief
from autograder.labs.lab13_records import BadRecord, read_record
from autograder.labs.lab13_scenarios import DECISIONS, LAB, measured, scenario_of
from autograder.labs.lab13_telling import scenario_text

ADA = code_of("Ada Lovelace", LAB)
NAMES = ("Ada Lovelace", "Зоя")


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("name", NAMES)
def test_the_right_decisions_and_their_numbers_follow_from_arithmetic(name, decision):
    scenario = scenario_of(code_of(name, LAB), decision)
    options = scenario.decision.options
    assert 1 <= len(scenario.right) < len(options)
    for option in options:
        found = measured(scenario.code, decision, option)
        assert all(bound.holds(found[bound.number]) for bound in scenario.slo) is (option in scenario.right), option
    for option in scenario.right:
        expected = scenario.decision.expected(option, scenario.tomorrow)
        assert all(is_near(value, measured(scenario.code, decision, option)[key]) for key, value in expected.items()), option


@pytest.mark.parametrize("decision", DECISIONS)
def test_nobody_elses_numbers_do(decision):
    scenarios = [scenario_of(code_of(name, LAB), decision) for name in NAMES]
    assert len({repr(one.tomorrow) for one in scenarios}) == len(NAMES)


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_scenario_tells_its_code_its_options_and_its_slo(decision):
    scenario = scenario_of(ADA, decision)
    text = scenario_text(scenario)
    assert ADA in text and all(f"`{one}`" in text for one in scenario.decision.options)
    assert all(str(bound) in text for bound in scenario.slo) and "response measure" in text


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (None, "A record is a dict"),
        ({}, "does not say which scenario"),
        ({"scenario": "ada-lovelace-0000"}, "copy the one"),
        ({"scenario": ADA, "decision": "macroservices"}, "none of monolith; services; split"),
        ({"scenario": ADA, "decision": "split"}, "has no numbers"),
        ({"scenario": ADA, "decision": "split", "numbers": "few"}, "has no numbers"),
    ],
)
def test_a_record_that_cannot_be_read_says_what_to_mend(record, says):
    with pytest.raises((BadRecord, NoSuchCode), match=says):
        read_record(record, "shape")


def test_the_numbers_of_a_record_are_read_as_they_stand():
    record = {"scenario": f" {ADA} ", "decision": "split", "numbers": {"fails_per_1000": 3}}
    assert read_record(record, "shape")[1:] == ("split", {"fails_per_1000": 3})


@pytest.mark.parametrize(("known", "why"), [("away", OUTAGE), ("slo", COPIED), ("today", TODAY), ("nothing", "")])
def test_a_wrong_number_is_called_by_the_belief_behind_it(known, why):
    scenario = scenario_of(ADA, "calls" if known == "today" else "talk")
    option = "patient retry" if known == "today" else "asynchronous"
    numbers = dict(scenario.decision.expected(option, scenario.tomorrow))
    name = "slow_per_1000" if known == "today" else "behind_s"
    numbers[name] = {
        "away": lambda: scenario.tomorrow.away_s,
        "slo": lambda: next(bound.value for bound in scenario.slo if bound.number == name),
        "today": lambda: scenario.decision.expected(option, scenario.today)[name],
        "nothing": lambda: 1.7 * numbers[name],
    }[known]()
    said = belief(scenario, option, numbers, measured(ADA, scenario.decision.name, option))
    assert said == (f"{name}: {why}" if why else "")
