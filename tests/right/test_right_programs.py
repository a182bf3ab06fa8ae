"""Correct programs of different shape pass, and keep passing whatever is done to their processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.backends import Backends
from autograder.grading.judge import judge
from autograder.grading.program import Cell, Program
from autograder.labs import NAMES, Lab, find
from tests.wrong.programs import HERE, is_solved_notebook, needs_backends, program, programs, verdict_on

RIGHT_HERE = HERE.parent / "right"
LABS = [find(name) for name in NAMES]
RIGHT = [
    pytest.param(lab, path, id=f"{lab.name[:5]}-{path.stem}")
    for lab in LABS
    for path in programs(RIGHT_HERE / lab.name)
    if path.stem != "reference"  # it has a test of its own, which asks for more
]
SHAPES_MIN = 3
"""Beside the reference."""
IN_A_BENCHMARK = {"lab14_flash_sale": {"open_sale", "processes"}}
"""Tasks whose sweeps take half a minute of processor time for each program. The reference plays them here, in its notebook;
every shape plays them in benchmarks/lab14.py. What is left kills each shape after every call, too, in a smaller story.
"""


def attempted(lab: Lab, path: Path) -> list[str]:
    wrote = program(path)
    return [task.name for task in lab.tasks if task.graded and wrote.is_attempted(task.function)]


@pytest.fixture
def postgres_of(request: pytest.FixtureRequest):
    return lambda lab: request.getfixturevalue("postgres_address") if needs_backends(lab) else None


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_there_are_three_shapes_of_the_whole_core_beside_the_reference(lab: Lab) -> None:
    core = {task.name for task in lab.tasks if task.graded and not task.stretch}
    shapes = [path for path in programs(RIGHT_HERE / lab.name) if core <= set(attempted(lab, path))]
    assert len(shapes) >= 1 + SHAPES_MIN


@pytest.mark.parametrize(("lab", "path"), RIGHT)
def test_a_right_program_holds_every_rule_in_every_run(lab: Lab, path: Path, postgres_of) -> None:
    tasks = [name for name in attempted(lab, path) if name not in IN_A_BENCHMARK.get(lab.name, ())]
    verdict = verdict_on(path, lab.name, tasks, postgres_of(lab))
    broken = {
        task.task: (task.counterexample.name, [violation.evidence for violation in task.counterexample.violations])
        for task in verdict.tasks
        if task.counterexample
    }
    assert broken == {}
    assert {task.task: task.points for task in verdict.tasks} == {name: lab.task(name).points_max for name in tasks}


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_the_reference_is_the_solved_notebook_or_earns_all_points_itself(lab: Lab, postgres_of) -> None:
    """The solved notebook is played whole in tests/notebooks, in a kernel: one sweep is enough for both."""
    reference = RIGHT_HERE / lab.name / "reference.py"
    if not is_solved_notebook(reference, lab):
        verdict = verdict_on(reference, lab.name, None, postgres_of(lab))
        assert (verdict.kind, verdict.points, verdict.points_max) == ("passed", lab.worth, lab.worth)
        assert all(swept.coverage.exhaustive for task in verdict.tasks for swept in task.swept)


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_the_empty_starter_earns_nothing(lab: Lab, postgres_of) -> None:
    functions = dict.fromkeys(task.function for task in lab.tasks if task.graded)
    starter = "\n".join(f"def {function}(*given):\n    raise NotImplementedError()\n" for function in functions)
    cell = Cell(id="empty", role="solution", source=starter, name="empty", task="empty")
    address = postgres_of(lab)
    backends = Backends(postgres=address, redis="", kafka="", world="embedded") if address else None
    verdict = judge(lab.name, Program(title="empty", cells=(cell,)), backends=backends)
    assert (verdict.points, verdict.kind) == (0, "unanswered")
    assert all("not written yet" in task.said for task in verdict.tasks)
