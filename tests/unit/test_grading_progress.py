"""Progress: points by day and by outcome, from the last full check; days without a lab are to come."""

from __future__ import annotations

import json

import pytest

from autograder.grading.progress import progress_text
from autograder.grading.scores import add_line, scores_file
from autograder.labs import NAMES, find
from tests.unit.handin_notebooks import NAME


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path))
    return tmp_path


def scored(at="2025-11-03T12:00:00+00:00", **points):
    add_line(scores_file(), {"lab": NAME, "at": at, "program": "x", "points": points, "kinds": {}, "parts": {}})


def line(beginning):
    return next(line.split() for line in progress_text().splitlines() if line.startswith(beginning))


def test_fourteen_days_and_those_without_a_lab_are_to_come():
    lines = progress_text().splitlines()
    assert sum("to come" in line for line in lines) == 14 - len(NAMES)
    assert "not yet" in next(line for line in lines if line.startswith("6 "))
    assert "`./fortnight check 6` records your first score" in progress_text()


def test_the_last_full_check_counts_and_core_and_stretch_stand_apart():
    scored(place_order=25, relay=35, receive=15, clean_up=8)
    scored(at="2025-11-04T08:15:30+00:00", place_order=25, relay=5, receive=15, clean_up=8)
    assert line("6 ") == ["6", "Outbox", "45", "of", "75", "8", "of", "25", "2025-11-04", "08:15", "UTC"]


def test_points_are_shown_by_outcome():
    scored(place_order=25, relay=0, receive=15, clean_up=8, relay_alone=9, receive_items=0)
    core, stretch = worth_of("O1")
    assert line("O1")[-6:] == ["25", "of", str(core), "9", "of", str(stretch)]
    core, stretch = worth_of("O5")
    assert line("O5")[-6:] == ["0", "of", str(core), "17", "of", str(stretch)]


def worth_of(outcome):
    """What the labs there are give for an outcome: core, stretch."""
    tasks = [task for name in NAMES for task in find(name).tasks if task.graded and outcome in task.outcomes]
    return tuple(sum(task.points_max for task in tasks if task.stretch == stretch) for stretch in (False, True))


def test_a_hand_in_is_shown_and_a_torn_line_does_no_harm(state):
    folder = state / "learner" / "handins"
    rows = [{"lab": NAME, "state": "valid", "at": "2025-11-03T12:00:00+00:00"}, {"lab": NAME, "state": "rejected", "at": "2025-11-05T12:00:00+00:00"}]
    folder.mkdir(parents=True)
    (folder / "handins.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"lab": "lab06')
    assert line("6 ")[-3:] == ["2025-11-03", "12:00", "UTC"]
