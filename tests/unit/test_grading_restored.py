"""The autograded notebook has each of the lab's cells once, nothing of the learner's outputs, and our reports."""

from __future__ import annotations

import copy
import logging

import nbformat
import pytest
from nbgrader.utils import determine_grade

from autograder.grading.notebook_file import read_notebook
from autograder.grading.restored import is_check, lab_cells, refused, restored, with_reports
from tests.unit.handin_notebooks import LAB, NAME, ROOT, answered, cell, graded, put

CELLS = lab_cells(ROOT / "labs" / NAME / f"{NAME}.ipynb")
LOG = logging.getLogger(__name__)


@pytest.fixture
def restore(tmp_path):
    return lambda notebook: restored(read_notebook(put(notebook, tmp_path / f"{NAME}.ipynb")), CELLS)


def ids(notebook):
    return [one.metadata.nbgrader.grade_id for one in notebook.cells if "nbgrader" in one.metadata]


def of(notebook, grade_id):
    return next(one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def test_answers_stay_and_locked_cells_are_the_labs(restore):
    notebook = answered(relay="def relay(at): return 0")
    cell(notebook, "check-relay")["source"] = "35"
    cell(notebook, "check-relay")["metadata"]["nbgrader"]["points"] = 1000
    after = restore(notebook)
    assert of(after, "solution-relay").source == "def relay(at): return 0"
    assert of(after, "check-relay").source == 'check("relay")'
    assert of(after, "check-relay").metadata.nbgrader.points == 35


def test_forged_outputs_and_tags_are_left_behind(restore):
    notebook = answered()
    check = cell(notebook, "check-relay")
    check["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "35"}, "execution_count": 1, "metadata": {}}]
    check["metadata"]["tags"] = ["skip-execution"]
    after = of(restore(notebook), "check-relay")
    assert after.outputs == [] and "tags" not in after.metadata


def test_a_second_copy_of_a_cell_is_only_a_cell(restore):
    notebook = answered()
    notebook["cells"].append(copy.deepcopy(cell(notebook, "solution-relay")))
    after = restore(notebook)
    assert ids(after).count("solution-relay") == 1
    assert len({one.id for one in after.cells}) == len(after.cells)


def test_cells_that_were_deleted_come_back(restore):
    notebook = answered()
    notebook["cells"] = [one for one in notebook["cells"] if one["metadata"].get("nbgrader", {}).get("grade_id") == "solution-relay"]
    after = restore(notebook)
    assert {name for name, one in CELLS.items() if one.metadata.nbgrader.grade} <= set(ids(after))


def test_cells_of_unknown_kinds_and_metadata_do_no_harm(restore):
    notebook = answered()
    notebook["cells"] += [
        {"cell_type": "widget", "metadata": {"nbgrader": {"grade_id": ["check-relay"]}}, "source": ["a", "b"]},
        {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "check-relay", "schema_version": 99, "grade": True}}, "source": "1"},
    ]
    after = restore(notebook)
    assert [one.cell_type for one in after.cells[-2:]] == ["raw", "code"]
    assert ids(after).count("check-relay") == 1


@pytest.mark.parametrize("points", [0, 1, 8])
def test_nbgrader_reads_the_judges_points_in_every_check_cell(restore, points):
    """Trap 6 and 7: no stderr, and the last value is a bare number that is never more than the maximum."""
    notebook = with_reports(restore(answered()), graded(points))
    scores = {one.metadata.nbgrader.grade_id: determine_grade(one, LOG) for one in notebook.cells if is_check(one)}
    assert scores == {f"check-{task.name}": (points, task.points_max) for task in LAB.tasks if task.graded}


def test_what_stands_for_a_rejected_hand_in_has_no_score(restore):
    notebook = refused("It is no notebook.", CELLS)
    assert "It is no notebook. No score was changed." in notebook.cells[0].source
    assert all(one.outputs == [] for one in notebook.cells if one.cell_type == "code")


def test_the_notebook_is_valid_and_the_same_each_time(restore):
    first, second = (nbformat.writes(with_reports(restore(answered()), graded())) for _ in range(2))
    nbformat.validate(nbformat.reads(first, as_version=4))
    assert first == second
