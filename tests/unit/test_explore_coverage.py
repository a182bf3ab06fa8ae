"""What a coverage line says, word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.explore.coverage import claim
from autograder.explore.scenario import Played
from autograder.explore.sweep import Coverage, Swept
from autograder.history import Call, History
from autograder.invariants import Violation
from autograder.labs import find

SERIAL = Played(name="09.lock-expires.lamp", history=History(run="r", calls=(Call(process="a", backend="redis", label="GET", request="", start=1),)))
LOCK = find("9").scenario("lock-expires")
DIES = find("9").scenario("aside-dies")


def swept(scenario: str, schedules: int, *broken: Played) -> Swept:
    coverage = Coverage(calls=0, planned=1, reached=1, faults=(), schedules=schedules)
    return Swept(
        scenario=scenario, undisturbed=SERIAL, broken=broken, coverage=coverage, smallest=broken[0] if broken else None
    )


@pytest.mark.parametrize(
    ("bound", "words"),
    [(0, "at most 0 preemptions"), (1, "at most 1 preemption;"), (2, "at most 2 preemptions"), (21, "at most 21 preemptions")],
)
def test_a_bound_is_in_the_singular_for_one_alone(bound: int, words: str) -> None:
    assert words in claim(replace(LOCK, preemptions_max=bound), swept(LOCK.name, 70))


def test_schedules_in_which_somebody_dies_say_what_was_killed_and_when() -> None:
    assert "24 runs, every one in which one of the two is killed" in claim(DIES, swept(DIES.name, 24))
    run = Played(name="09.aside-dies.cold.a2ax", history=SERIAL.history, violations=(Violation(rule="r", evidence="e"),))
    assert "the 3rd run tried breaks a rule" in claim(DIES, swept(DIES.name, 3, run))


def test_a_run_that_is_played_again_claims_no_more_than_itself() -> None:
    run = Played(name="09.aside-dies.cold.a2ax", history=SERIAL.history, violations=(Violation(rule="r", evidence="e"),))
    for scenario in (DIES, LOCK, find("6").tasks[1].scenarios[0], find("3").tasks[0].scenarios[0]):
        for broken, says in (((), "it holds"), ((run,), "it breaks a rule")):
            once = Coverage(calls=1, planned=1, reached=1, faults=(), replayed=True)
            said = claim(scenario, replace(swept(scenario.name, 0, *broken), coverage=once))
            assert said == f"{scenario.title}: this one run, played again; {says}."
