"""nbgrader's own commands on this course, as they are: they end well, and give the judge's points.

Each hand-in is judged on the cheapest task alone (``--Judge.tasks``), so that the commands are what is tested.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from autograder import backends
from autograder.grading.classroom import grade_class
from autograder.grading.course import Course
from autograder.grading.gradebook import exported, open_gradebook
from tests.unit.handin_notebooks import LAB, NAME, ROOT, answered, cell, handed_in, put, reference

SECRET = "the classmate's secret"
COPIED = ("autograder", "shop", "labs", "solutions", "nbgrader_config.py")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh clone with backends of its own; nothing in it was ever graded."""
    root = tmp_path_factory.mktemp("clone")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORTNIGHT_STATE", str(root / ".fortnight"))
        patch.setenv("PYTHONPATH", str(root))
        patch.setenv("PATH", os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]))
        yield root
        backends.stop()


def nbgrader(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["nbgrader", *words], cwd=clone, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def graded_clone(clone: Path) -> Path:
    """The clone after the four commands, with an honest learner and four others in the same class."""
    submitted = clone / ".nbgrader" / "submitted"
    secret = put(SECRET, clone / "secret.txt")
    handed_in(submitted, "ada", reference())
    eve = handed_in(submitted, "eve", answered())
    (eve.parent / "notes.txt").symlink_to(secret)
    os.mkfifo(eve.parent / "pipe")
    (eve.parent / "folder").mkdir()
    (eve.parent / "folder" / "x.txt").write_text(SECRET)
    forged = answered(place_order="def place_order(at, command):\n    import os\n    os._exit(0)")
    cell(forged, "check-place_order")["metadata"]["tags"] = ["skip-execution"]
    forged["cells"].append(cell(forged, "check-place_order"))
    handed_in(submitted, "mallory", forged)
    pipe = handed_in(submitted, "oscar", "{")
    pipe.unlink()
    os.mkfifo(pipe)
    handed_in(submitted, "trudy", '{"cells": [', at="no time at all")
    for words in (
        ["generate_assignment", NAME],
        ["autograde", NAME, "--Judge.tasks=place_order"],
        ["generate_feedback", NAME],
    ):
        ended = nbgrader(clone, *words)
        assert ended.returncode == 0, ended.stderr
        assert "Traceback" not in ended.stderr
    return clone


def scores(clone: Path) -> dict[str, float]:
    with open_gradebook(Course(root=clone), LAB) as book:
        return {one.student_id: one.score for one in book.assignment_submissions(NAME)}


def test_the_commands_work_on_a_fresh_clone_and_labs_stays_as_it_is(graded_clone):
    """Trap 3: a release never touches labs/."""
    lab = Path("labs") / NAME / f"{NAME}.ipynb"
    assert (graded_clone / lab).read_bytes() == (ROOT / lab).read_bytes()
    assert (graded_clone / ".nbgrader" / "release" / NAME / f"{NAME}.ipynb").exists()


def test_the_scores_are_the_judges_and_hostile_hand_ins_cost_only_themselves(graded_clone):
    assert scores(graded_clone) == {"ada": 25, "eve": 0, "mallory": 0, "oscar": 0, "trudy": 0}


def test_a_check_cell_shows_the_report_and_its_value_is_the_points(graded_clone):
    notebook = nbformat.read(Course(root=graded_clone).autograded("ada", NAME), as_version=4)
    check = next(one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") == "check-place_order")
    shown, value = check.outputs
    assert "40 of 40 crash points" in shown.data["text/plain"] and "crash points" in shown.data["text/html"]
    assert value.data == {"text/plain": "25"}


def test_what_lies_beside_a_hand_in_reaches_nobody(graded_clone):
    """Links would be followed and their targets handed back; a pipe would stop the class."""
    for folder in ("autograded", "feedback"):
        place = graded_clone / ".nbgrader" / folder
        assert sorted(path.name for path in (place / "eve" / NAME).iterdir()) in (
            ["lab06_outbox.html", "timestamp.txt"],
            ["lab06_outbox.ipynb", "timestamp.txt"],
        )
        assert not any(SECRET in path.read_text() for path in place.rglob("*") if path.is_file())


def test_a_hand_in_that_is_no_notebook_says_so_in_its_feedback(graded_clone):
    for learner, sentence in {"oscar": "is not a plain file", "trudy": "is not a complete notebook"}.items():
        assert sentence in Course(root=graded_clone).feedback(learner, NAME).read_text()


def test_feedback_is_the_courses_own_page(graded_clone):
    page = Course(root=graded_clone).feedback("ada", NAME).read_text()
    assert "Content-Security-Policy" in page and "Points: core 25 of 75" in page
    assert "<script src" not in page and "http://" not in page.replace("http://www.w3.org", "")


def test_the_formgraders_api_knows_the_hand_ins(graded_clone):
    code = (
        "import json; from nbgrader.apps import NbGraderAPI; from traitlets.config import Config;"
        "from traitlets.config.loader import PyFileConfigLoader as L;"
        "api = NbGraderAPI(config=Config(L('nbgrader_config.py').load_config()));"
        f"print(json.dumps([[s['student'], s['score'], s['max_score'], s['autograded']] for s in api.get_submissions('{NAME}')]))"
    )
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=graded_clone, capture_output=True, text=True, check=True)
    found = {student: rest for student, *rest in json.loads(ran.stdout.splitlines()[-1])}
    assert found["ada"] == [25, 100, True]


def test_grade_gives_the_same_rows_and_the_same_page(graded_clone):
    course = Course(root=graded_clone)
    page = course.feedback("ada", NAME).read_text()
    with open_gradebook(course, LAB) as book:
        before = [row for row in exported(book, LAB).splitlines() if json.loads(row)["learner"] in ("ada", "eve", "mallory")]
    grade_class(LAB, course=course, tasks=["place_order"])
    with open_gradebook(course, LAB) as book:
        after = [row for row in exported(book, LAB).splitlines() if json.loads(row)["learner"] in ("ada", "eve", "mallory")]
    assert before == after
    assert course.feedback("ada", NAME).read_text() == page


@pytest.mark.parametrize(("solved", "said"), [(True, "Success! Your notebook passes all the tests."), (False, "VALIDATION FAILED ON 1 CELL(S)")])
def test_validate_runs_the_check_cells(clone, solved, said):
    notebook = reference() if solved else answered()
    notebook["cells"] = [one for one in notebook["cells"] if is_of_place_order(one)]
    path = put(notebook, clone / "work" / "labs" / NAME / f"{NAME}.ipynb")
    ended = nbgrader(clone, "validate", str(path))
    assert said in ended.stdout, ended.stdout + ended.stderr
    if not solved:
        assert "place_order" in ended.stdout


def is_of_place_order(one: dict[str, object]) -> bool:
    """The cells that checking one task needs, so that the command and not the judge takes the time."""
    marks = one["metadata"].get("nbgrader", {}).get("grade_id", "")
    return one["id"] == "lab06-experiment-setup" or marks.startswith("given-") or marks.endswith("-place_order")
