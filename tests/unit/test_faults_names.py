"""Faults are data: their names make them again, and their sentences read well."""

from __future__ import annotations

import pytest

from autograder.faults import CRASH_POINT_FAULTS, KINDS, Fault

EXAMPLES = [
    Fault(kind, side, delay_ms=500 if known.has_delay else 0, code="40001" if known.has_code else "")
    for kind, known in KINDS.items()
    for side in known.sides
]


@pytest.mark.parametrize("fault", EXAMPLES, ids=lambda fault: fault.name)
def test_a_name_makes_the_same_fault_again(fault: Fault) -> None:
    assert Fault.named(fault.name) == fault


def test_no_two_faults_share_a_name() -> None:
    assert len({fault.name for fault in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("fault", EXAMPLES, ids=lambda fault: fault.name)
def test_every_story_names_the_point_and_the_backend(fault: Fault) -> None:
    story = fault.story("COMMIT #1", "postgres")
    assert "COMMIT #1" in story and "Postgres" in story and "{" not in story


def test_a_kill_tells_whether_the_backend_has_heard() -> None:
    assert Fault("crash", "before").story("COMMIT #1", "postgres") == "killed before COMMIT #1 reached Postgres"
    after = "killed after Produce purchases #2 took effect in Kafka, before the answer came back"
    assert Fault("crash", "after").story("Produce purchases #2", "kafka") == after


def test_crash_points_try_the_cheap_faults_first() -> None:
    names = [fault.name for fault in CRASH_POINT_FAULTS]
    assert names == ["kill-before", "kill-after", "cut-before", "cut-after", "park"]


def test_names_are_short_enough_to_stand_in_the_name_of_a_run() -> None:
    assert max(len(fault.name) for fault in EXAMPLES) <= 20


NO_NAMES = ["", "kill", "kill-between", "explode-before", "delay-after", "park-before", "kill-before-5ms", "error"]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="fault|crash|delay|park|error"):
        Fault.named(name)


def test_an_impossible_fault_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no fault is called 'meteor'"):
        Fault("meteor")
    with pytest.raises(ValueError, match="needs a delay_ms"):
        Fault("delay", "after")
    with pytest.raises(ValueError, match="a crash has the side 'before' or 'after', not ''"):
        Fault("crash")
