"""The gradebook has the judge's points as nbgrader's own rows, whole or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import datetime

import pytest

from autograder.backends import BackendError
from autograder.grading.course import Course
from autograder.grading.gradebook import add_scores, enter, exported, open_gradebook
from autograder.grading.notebook_file import read_notebook
from autograder.grading.restored import lab_cells, restored
from tests.unit.handin_notebooks import LAB, NAME, ROOT, answered, cell, graded, put

CELLS = lab_cells(ROOT / "labs" / NAME / f"{NAME}.ipynb")
NOON = datetime(2025, 11, 3, 12, 0)


@pytest.fixture(scope="module")
def empty_course(tmp_path_factory):
    """A clone with the lab alone and an empty gradebook, whose making takes nbgrader a second."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "labs", root / "labs")
    with open_gradebook(Course(root=root), LAB):
        return root


@pytest.fixture
def course(tmp_path, empty_course):
    """A course of the test's own."""
    shutil.copytree(empty_course, tmp_path, dirs_exist_ok=True)
    return Course(root=tmp_path)


@pytest.fixture
def hand_in(tmp_path):
    def make(**sources):
        notebook = answered(**{name: text for name, text in sources.items() if name != "written"})
        if "written" in sources:
            cell(notebook, "written-l06-tradeoff")["source"] = sources["written"]
        return restored(read_notebook(put(notebook, tmp_path / f"{NAME}.ipynb")), CELLS)

    return make


def rows(book):
    submission = book.find_submission(NAME, "ada")
    return {grade.name: (grade.auto_score, grade.needs_manual_grade) for grade in submission.notebooks[0].grades}


def test_a_fresh_clone_gets_a_gradebook_with_the_labs_points(tmp_path, monkeypatch):
    """Traps 1 and 2: neither the folder of the gradebook is there, nor the program alembic on PATH."""
    monkeypatch.setenv("PATH", "/nowhere")
    shutil.copytree(ROOT / "labs", tmp_path / "labs")
    course = Course(root=tmp_path)
    with open_gradebook(course, LAB) as book:
        assert {one.name: one.max_score for one in book.find_notebook(NAME, NAME).grade_cells} == {
            "check-place_order": 25, "check-relay": 35, "check-receive": 15, "check-clean_up": 8, "check-relay_alone": 9,
            "check-receive_items": 8, "written-l06-tradeoff": 0,
        }  # fmt: skip
    version = sqlite3.connect(course.work / "gradebook.db").execute("select count(*) from alembic_version").fetchone()
    assert version == (1,)
    assert os.environ["PATH"] == "/nowhere"


def test_each_check_cell_has_the_judges_points_and_nothing_is_left_for_a_teacher(course, hand_in):
    with open_gradebook(course, LAB) as book:
        enter(book, LAB, "ada", NOON, hand_in(), graded(7))
        assert rows(book) == {**{f"check-{task.name}": (7, False) for task in LAB.tasks if task.graded}, "written-l06-tradeoff": (0, False)}
        assert book.find_submission(NAME, "ada").score == 42


def test_a_written_answer_waits_for_a_teacher(course, hand_in):
    with open_gradebook(course, LAB) as book:
        enter(book, LAB, "ada", NOON, hand_in(written="Polling costs queries."), graded())
        assert rows(book)["written-l06-tradeoff"] == (None, True)


def test_an_unchanged_answer_says_no_response_as_in_nbgrader(course, hand_in):
    with open_gradebook(course, LAB) as book:
        enter(book, LAB, "ada", NOON, hand_in(relay="def relay(at): return 0"), graded())
        said = {name: book.find_comment(f"solution-{name}", NAME, NAME, "ada").auto_comment for name in ("relay", "receive")}
        assert said == {"relay": None, "receive": "No response."}


def test_a_teachers_score_and_comment_stay_and_are_shown(course, hand_in):
    notebook = hand_in(relay="def relay(at): return 0")
    with open_gradebook(course, LAB) as book:
        enter(book, LAB, "ada", NOON, notebook, graded(7))
        book.find_grade("check-relay", NAME, NAME, "ada").manual_score = 30
        book.find_comment("solution-relay", NAME, NAME, "ada").manual_comment = "Better than it looks."
        book.db.commit()
        enter(book, LAB, "ada", NOON, notebook, graded(8))
        assert rows(book)["check-relay"] == (8, True)
        add_scores(book, LAB, "ada", notebook)
        marks = {one.metadata.nbgrader.grade_id: one.metadata.nbgrader for one in notebook.cells if "nbgrader" in one.metadata}
        assert marks["check-relay"].score == 30
        assert marks["solution-relay"].comment == "Better than it looks."


def test_points_that_changed_in_the_lab_change_in_the_gradebook(course, hand_in):
    """Trap 4: nbgrader itself would keep the old maximum, and lose the hand-in whose points exceed it."""
    with open_gradebook(course, LAB) as book:
        enter(book, LAB, "ada", NOON, hand_in(), graded())
        book.find_graded_cell("check-relay", NAME, NAME).max_score = 1
        book.db.commit()
    with open_gradebook(course, LAB) as book:
        assert book.find_graded_cell("check-relay", NAME, NAME).max_score == 35
        assert rows(book)["check-relay"] == (5, False)


def test_cells_that_were_added_after_a_hand_in_are_refused_in_one_sentence(course, hand_in):
    with open_gradebook(course, LAB) as book:
        enter(book, LAB, "ada", NOON, hand_in(), graded())
        book.find_graded_cell("check-relay", NAME, NAME).name = "check-of-last-year"
        book.db.commit()
    with pytest.raises(BackendError, match="has other graded cells now than when its first hand-ins were graded"), open_gradebook(course, LAB):
        pass


def test_a_gradebook_that_is_no_database_is_one_sentence(course):
    put(b"not a database at all" * 100, course.work / "gradebook.db")
    with pytest.raises(BackendError, match=r"gradebook.db cannot be used .*hand-ins are not touched"), open_gradebook(course, LAB):
        pass


def test_scores_are_entered_all_or_none(course, hand_in):
    notebook = hand_in()
    with open_gradebook(course, LAB) as book:
        enter(book, LAB, "ada", NOON, notebook, graded(3))
        before = exported(book, LAB)
        notebook.cells[-1].metadata["nbgrader"] = {"grade": True, "grade_id": "no-such-cell", "solution": False}
        with pytest.raises(ValueError, match="no-such-cell"):
            enter(book, LAB, "ada", NOON, notebook, graded(8))
        assert exported(book, LAB) == before
