"""A schedule has a name that says whose turn it is, and reads back to the same schedule."""

from __future__ import annotations

import pytest

from autograder.explore.names import BadRunName, RunName
from autograder.explore.schedules import letters, numbers


@pytest.mark.parametrize("schedule", [(0, 1, 1, 1, 1, 0, 0, 0), (0,), (1, 0, 2, 2), (0,) * 12 + (1,) * 30, (0, 1, ~0, 1), (0, 0, ~0, 1)])
def test_a_schedule_reads_back(schedule: tuple[int, ...]) -> None:
    name = RunName(lab="10", scenario="reserve", input=("l1",), schedule=letters(schedule))
    assert numbers(RunName.parse(str(name)).schedule) == schedule


def test_a_schedule_in_which_somebody_dies_says_so() -> None:
    name = RunName.parse("09.aside-dies.cold.a2b1axb3")
    assert name.kills and not RunName.parse("09.aside-cold.cold.a2b1a1b3").kills
    assert letters(numbers(name.schedule)) == name.schedule


def test_only_a_schedule_that_comes_back_to_a_call_preempts() -> None:
    assert RunName.parse("10.reserve.l1.a1b4a3").preempts
    assert not RunName.parse("10.reserve.l1.a4b4").preempts
    assert not RunName.parse("10.reserve.l1").preempts


@pytest.mark.parametrize("text", ["10.reserve.l1.x3", "10.reserve.l1.a", "10.reserve.l1.kill-before", "10.reserve.l1."])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(BadRunName):
        RunName.parse(text)
