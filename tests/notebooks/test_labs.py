"""The lab as it is released and as it is solved: points, rules, hints and figures agree with the judge and its text."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import backends
from autograder.backends import Backends
from autograder.backends.state import ROOT
from autograder.explore.coverage import INCOMPLETE
from autograder.grading.handins import solution_ids
from autograder.grading.judge import judge
from autograder.grading.program import Program, defined_functions
from autograder.grading.submission import read_program
from autograder.grading.verdict import TaskVerdict, Verdict
from autograder.labs import NAMES, find
from autograder.labs.lab import Lab
from autograder.notebook.bank import Hints, bank

CORE_MINUTES = (60, 75)
LAST_LAB = 7
"""The last lab takes so many times as long: it is three to five evenings."""
TELLING = 25
"""A line of an answer that is shorter says nothing by itself."""
CELLS_OF_THE_CORE, CELLS_OF_A_STRETCH_TASK = 26, 8


@pytest.fixture(scope="module", params=NAMES)
def lab(request: pytest.FixtureRequest) -> Lab:
    return find(request.param)


def path_of(kind: str, lab: Lab) -> Path:
    return ROOT / kind / lab.name / f"{lab.name}.ipynb"


def cells(kind: str, lab: Lab) -> list[Any]:
    return nbformat.read(path_of(kind, lab), as_version=4).cells


def prose(lab: Lab) -> str:
    return "\n\n".join(cell.source for cell in cells("labs", lab) if cell.cell_type == "markdown")


def graded(kind: str, lab: Lab) -> dict[str, Any]:
    """The check cells, by task."""
    marked = [cell for cell in cells(kind, lab) if cell.metadata.get("nbgrader", {}).get("grade")]
    found = {cell.metadata.nbgrader.grade_id: cell for cell in marked if cell.cell_type == "code"}
    return {name.removeprefix("check-"): cell for name, cell in found.items()}


def judged(
    kind: str, lab: Lab, postgres: str, tasks: list[str] | None = None, enough: Callable[[TaskVerdict], bool] | None = None
) -> tuple[Program, Verdict]:
    program = read_program(path_of(kind, lab), lab=lab.name, tasks=solution_ids(lab))
    own = Backends(postgres=postgres, redis="", kafka="", world="embedded")
    return program, judge(lab.name, program, backends=own, tasks=tasks, lanes=2, enough=enough)


# ---- unsolved and solved


def test_an_unsolved_lab_earns_nothing_and_every_check_says_why(lab: Lab, postgres_address: str) -> None:
    program, verdict = judged("labs", lab, postgres_address)
    assert (program.notes, dict(program.lost)) == ((), {})
    assert (verdict.kind, verdict.points) == ("unanswered", 0)
    assert [task.said for task in verdict.tasks if not task.said.endswith("is not written yet.")] == []


def test_the_naive_version_of_a_released_lab_breaks_a_rule_and_its_run_is_told(lab: Lab, postgres_address: str) -> None:
    [naive] = [task.name for task in lab.tasks if not task.graded]
    _, verdict = judged("labs", lab, postgres_address, [naive], enough=lambda task: task.kind == "broken")
    [task] = verdict.tasks
    assert (task.kind, task.points_max) == ("broken", 0), task.said
    assert task.counterexample is not None and task.counterexample.violations[0].evidence


def test_a_released_lab_holds_no_line_of_an_answer(lab: Lab) -> None:
    released = path_of("labs", lab).read_text("utf-8")
    assert "BEGIN SOLUTION" not in released and "rubric" not in released
    for cell in cells("labs", lab):
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            assert cell.source.endswith("# YOUR CODE HERE\n    raise NotImplementedError()"), cell.id
            assert cell.outputs == []


def test_no_cell_but_a_tasks_own_gives_its_answer(lab: Lab) -> None:
    """Others may show the way to it: the naive version and the example have lines in common with an answer."""
    shown = {line.strip() for cell in cells("labs", lab) for line in cell.source.splitlines()}
    for cell in cells("solutions", lab):
        answers = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
        lines = {line.strip() for answer in answers for line in answer.splitlines() if len(line.strip()) >= TELLING}
        assert len(lines & shown) <= len(lines) / 2, f"{cell.id}: {sorted(lines & shown)}"
    asked = {task.function for task in lab.tasks if task.graded}
    given = [cell for cell in cells("labs", lab) if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("solution")]
    assert [(cell.id, name) for cell in given for name in defined_functions(cell.source) if name in asked] == []


def test_the_solved_notebook_runs_in_a_kernel_from_top_to_bottom(lab: Lab) -> None:
    """And earns all points, and every run that was planned is reached.

    With nbgrader's words for "validate", so that each task is played once; nbval would play them all twice.
    """
    notebook = nbformat.read(path_of("solutions", lab), as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        folder = Path(tempfile.mkdtemp(prefix="labs-"))  # short, because a socket's path must be
        patch.setenv("FORTNIGHT_STATE", str(folder / "state"))
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("NBGRADER_VALIDATING", "1")
        shutil.copy(path_of("solutions", lab), folder)
        try:
            NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute(env=dict(os.environ))
        finally:
            backends.stop()
            shutil.rmtree(folder)
    values = {cell.source: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    assert [one for outputs in values.values() for one in outputs if one.get("name") == "stderr"] == []
    for task in lab.tasks:
        *report, value = values[f'check("{task.name}")']
        assert value["data"] == {"text/plain": str(task.points_max) if task.graded else "0"}, task.name
        if task.graded:
            said = report[0]["data"]["text/plain"]
            assert said.startswith("✓ passed") and not any(words in said for words in INCOMPLETE), said


# ---- points, rules, hints


def test_points_of_check_cells_are_the_labs_and_add_up_to_its_worth(lab: Lab) -> None:
    for kind in ("labs", "solutions"):
        points = {task: cell.metadata.nbgrader.points for task, cell in graded(kind, lab).items()}
        assert points == {task.name: task.points_max for task in lab.tasks if task.graded}
        assert sum(points.values()) == lab.worth


def test_points_in_the_text_are_the_labs(lab: Lab) -> None:
    stretch = sum(task.points_max for task in lab.tasks if task.stretch)
    beside = rf", {stretch} for the stretch tasks?" if stretch else ""
    assert re.search(rf"\| \*\*Points\*\* \| {lab.worth - stretch} for the core{beside}\. \|", prose(lab))


def test_a_check_cell_is_one_line_that_names_its_task(lab: Lab) -> None:
    assert {task: cell.source for task, cell in graded("labs", lab).items()} == {
        task.name: f'check("{task.name}")' for task in lab.tasks if task.graded
    }


def test_every_rule_stands_in_the_text_under_its_number_in_the_words_of_its_invariant(lab: Lab) -> None:
    written = re.findall(r"^(\d+)\. \*\*(.+?)\*\*", prose(lab), re.M)
    assert [(int(number), sentence) for number, sentence in written] == [(rule.number, rule.text) for rule in lab.rules]


def test_the_rules_that_the_text_says_decide_are_those_that_earn_the_points(lab: Lab) -> None:
    said = [re.findall(r"\d+", found) for found in re.findall(r"Rules? ([\d, and]+) decide", prose(lab))]
    earned = [
        [str(number) for number in sorted(lab.rule(name).number for name in task.points)] for task in lab.tasks if task.graded
    ]
    assert said == earned


def test_every_graded_task_has_three_rungs_of_hints(lab: Lab) -> None:
    rungs = {
        item.task: len(item.rungs)
        for page in bank().pages
        for item in page.items
        if isinstance(item, Hints) and item.page == lab.name
    }
    assert rungs == {task.name: 3 for task in lab.tasks if task.graded}
    asked = {cell.source for cell in cells("labs", lab) if cell.cell_type == "code"}
    assert {f'hint("{task}")' for task in rungs} <= asked


# ---- figures in the text


def test_the_reference_is_as_long_as_the_text_says(lab: Lab) -> None:
    names = dict.fromkeys(task.function for task in lab.tasks if task.graded and not task.stretch)
    by_id = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in cells("solutions", lab)}
    lengths = [lines_of_code(by_id[f"solution-{name}"]) for name in names]
    said = re.search(r"The reference needs ([\d, and]+) lines", prose(lab))
    assert said is not None and [int(number) for number in re.findall(r"\d+", said[1])] == lengths


def lines_of_code(source: str) -> int:
    """Lines that a learner would write: without blank ones, nbgrader's marks and the docstring that was given."""
    given = ast.parse(source).body[0].body[0]
    silent = range(given.lineno, (given.end_lineno or given.lineno) + 1)
    lines = enumerate(source.splitlines(), 1)
    return sum(bool(line.strip()) and not line.strip().startswith("###") and number not in silent for number, line in lines)


def test_the_time_in_the_text_is_that_of_the_tasks(lab: Lab) -> None:
    core = sum(task.minutes for task in lab.tasks if not task.stretch)
    said = re.search(r"About (\d+) minutes", prose(lab))
    assert said is not None and core <= int(said[1]) <= CORE_MINUTES[1] * (LAST_LAB if lab.worth == 200 else 1)
    for task in lab.tasks:
        if task.stretch:
            assert f"*Stretch, about {task.minutes} minutes.*" in prose(lab), task.name


def test_a_lab_is_as_long_as_the_style_says(lab: Lab) -> None:
    stretch = sum(task.stretch for task in lab.tasks)
    assert 25 <= len(cells("labs", lab)) <= max(50, CELLS_OF_THE_CORE + CELLS_OF_A_STRETCH_TASK * stretch)
    setup = next(cell for cell in cells("labs", lab) if cell.cell_type == "code")
    assert len(setup.source.splitlines()) <= 5


def test_the_files_are_notebooks_that_nbformat_accepts(lab: Lab) -> None:
    for kind in ("labs", "solutions"):
        nbformat.validate(json.loads(path_of(kind, lab).read_text("utf-8")))
