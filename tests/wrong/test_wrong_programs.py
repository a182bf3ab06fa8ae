"""Every wrong program breaks its task, is called by its name, and gets the report that is kept beside it."""

from __future__ import annotations

import pytest

from autograder.labs import find
from tests.wrong.programs import HERE, golden, programs, verdict_on, wants_new_golden_files

LAB = find("6")
FOLDER = HERE / LAB.name
TASKS = {mistake.name: mistake.task for mistake in LAB.mistakes}


def test_every_known_mistake_has_its_program_and_every_program_its_mistake():
    assert {path.stem for path in programs(FOLDER)} == set(TASKS)


def test_every_programming_task_has_programs_that_get_it_wrong():
    assert {task.name for task in LAB.tasks if task.graded} == set(TASKS.values())


@pytest.mark.parametrize("path", programs(FOLDER), ids=lambda path: path.stem)
def test_a_wrong_program_is_caught_named_and_reported(path, postgres_address):
    verdict = verdict_on(path, LAB.name, [TASKS[path.stem]], postgres_address)
    [task] = verdict.tasks
    assert task.kind == "broken"
    assert task.points < task.points_max
    assert task.mistake is not None and task.mistake.name == path.stem
    kept = FOLDER / "golden" / f"{path.stem}.txt"
    if wants_new_golden_files():
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(golden(verdict, path.stem), encoding="utf-8")
    assert golden(verdict, path.stem) == kept.read_text(encoding="utf-8")
