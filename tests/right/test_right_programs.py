"""Correct programs of different shape pass, and keep passing whatever is done to their processes."""

from __future__ import annotations

import pytest

from autograder.grading.program import Cell, Program
from autograder.labs import find
from tests.wrong.programs import HERE, program, programs, verdict_on

LAB = find("6")
FOLDER = HERE.parent / "right" / LAB.name


def test_there_are_at_least_three_shapes_beside_the_reference():
    assert len(programs(FOLDER)) >= 4


@pytest.mark.parametrize("path", programs(FOLDER), ids=lambda path: path.stem)
def test_a_right_program_holds_every_rule_at_every_point(path, postgres_address):
    wrote = program(path)
    tasks = [task.name for task in LAB.tasks if task.graded and wrote.is_attempted(task.function)]
    verdict = verdict_on(path, LAB.name, tasks, postgres_address)
    broken = {task.task: task.counterexample.name for task in verdict.tasks if task.counterexample}
    assert broken == {}
    assert {task.task: task.points for task in verdict.tasks} == {name: LAB.task(name).points_max for name in tasks}
    assert {"place_order", "relay", "receive"} <= set(tasks)


def test_the_reference_earns_all_points_and_reaches_every_crash_point(postgres_address):
    verdict = verdict_on(FOLDER / "reference.py", LAB.name, None, postgres_address)
    assert verdict.kind == "passed"
    assert verdict.points == verdict.points_max == 100
    assert all(swept.coverage.exhaustive for task in verdict.tasks for swept in task.swept)


def test_the_empty_starter_earns_nothing(postgres_address):
    starter = "def place_order(at, command):\n    raise NotImplementedError()\n"
    cell = Cell(id="empty", role="solution", source=starter, name="empty", task="empty")
    from autograder.backends import Backends
    from autograder.grading.judge import judge

    backends = Backends(postgres=postgres_address, redis="", kafka="", world="embedded")
    verdict = judge(LAB.name, Program(title="empty", cells=(cell,)), backends=backends)
    assert (verdict.points, verdict.kind) == (0, "unanswered")
    assert all("not written yet" in task.said for task in verdict.tasks)
