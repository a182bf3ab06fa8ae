"""A class is graded one hand-in at a time as far as anything is kept: what one of them does costs nobody else."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import Executor, Future
from dataclasses import replace

import pytest

from autograder.backends import BackendError
from autograder.grading.classroom import grade_class
from autograder.grading.course import Course
from autograder.grading.gradebook import exported, open_gradebook
from autograder.grading.notebook_file import Rejected
from tests.unit.handin_notebooks import LAB, NAME, ROOT, answered, graded, handed_in, put


class Judges(Executor):
    """An executor that answers at once, by what stands in the hand-in: ``# points 7``, ``# dies``, ``# stopped``."""

    def __init__(self):
        self.seen = {}

    def submit(self, function, lab, data, tasks=None, *, learner, seen):
        self.seen[learner] = seen
        answer = Future()
        text = data.decode()
        if "# dies" in text:
            answer.set_exception(RuntimeError("the worker was killed"))
        elif "# error" in text:
            answer.set_result(graded(kind="error", said="Postgres is down."))
        elif "# stopped" in text:
            answer.set_exception(KeyboardInterrupt())
        else:
            spent = {"ada-1-0000": "what was said"} if "# spends" in text else {}
            answer.set_result(replace(graded(int(text.split("# points ")[1][0])), spent=spent))
        return answer


@pytest.fixture(scope="module")
def empty_course(tmp_path_factory):
    """A clone with the lab alone and an empty gradebook, whose making takes nbgrader a second."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "labs", root / "labs")
    with open_gradebook(Course(root=root), LAB):
        return root


@pytest.fixture
def course(tmp_path, empty_course):
    shutil.copytree(empty_course, tmp_path, dirs_exist_ok=True)
    return Course(root=tmp_path)


def says(word):
    return answered(relay=f"def relay(at): return 0  # {word}")


def scores(course):
    with open_gradebook(course, LAB) as book:
        return exported(book, LAB)


def points_of(course, learner):
    rows = [json.loads(line) for line in scores(course).splitlines()]
    return sum(row["score"] for row in rows if row["learner"] == learner)


def records(course):
    return [json.loads(line) for line in course.records.read_text().splitlines()]


def test_everybody_gets_score_notebook_and_feedback(course):
    handed_in(course.submitted, "ada", says("points 8"))
    handed_in(course.submitted, "bao", says("points 3"))
    done = grade_class(LAB, course=course, executor=Judges())
    assert (points_of(course, "ada"), points_of(course, "bao")) == (48, 18)
    assert "the report" in course.feedback("bao", NAME).read_text()
    assert course.autograded("ada", NAME).exists() and done.exit_code == 0
    assert str(done).splitlines() == [
        "learner  core      stretch   verdict  mistakes  time",
        "ada      24 of 75  24 of 25  broken             0 s",
        "bao      9 of 75   9 of 25   broken             0 s",
    ]


@pytest.mark.parametrize("word", ["dies", "error"])
def test_an_error_of_the_grader_is_no_score_and_nobody_elses_trouble(course, word):
    handed_in(course.submitted, "ada", says("points 8"))
    grade_class(LAB, course=course, executor=Judges())
    handed_in(course.submitted, "ada", says(word))
    handed_in(course.submitted, "bao", says("points 3"))
    done = grade_class(LAB, course=course, executor=Judges())
    assert [row.graded.kind for row in done.rows] == ["error", "broken"]
    assert points_of(course, "ada") == 48 and points_of(course, "bao") == 18
    assert done.exit_code == 4 and "The score of the last valid hand-in stays: 48." in str(done)


def test_an_invalid_hand_in_is_recorded_and_the_last_valid_one_counts(course):
    """Trap 13: nbgrader keeps the score too, but says nothing."""
    handed_in(course.submitted, "ada", says("points 8"))
    grade_class(LAB, course=course, executor=Judges())
    before = scores(course)
    notebook = course.autograded("ada", NAME).read_bytes()
    handed_in(course.submitted, "ada", '{"cells": [', at="2025-11-04 10:00:00 UTC")
    done = grade_class(LAB, course=course, executor=Judges())
    assert scores(course) == before and course.autograded("ada", NAME).read_bytes() == notebook
    assert [row["state"] for row in records(course)] == ["valid", "rejected"]
    page = course.feedback("ada", NAME).read_text()
    assert "Your last hand-in was rejected." in page and "the report" in page
    assert done.exit_code == 2 and "is not a complete notebook" in str(done)


def test_a_first_hand_in_that_is_invalid_has_no_row_in_the_gradebook(course):
    handed_in(course.submitted, "eve", "{")
    grade_class(LAB, course=course, executor=Judges())
    assert scores(course) == ""
    assert "Your last hand-in was rejected." in course.feedback("eve", NAME).read_text()


def test_grading_again_changes_nothing(course):
    handed_in(course.submitted, "ada", says("points 8"))
    grade_class(LAB, course=course, executor=Judges())
    kept = scores(course), course.records.read_bytes(), course.feedback("ada", NAME).read_bytes()
    grade_class(LAB, course=course, executor=Judges())
    assert kept == (scores(course), course.records.read_bytes(), course.feedback("ada", NAME).read_bytes())


def test_a_flat_folder_of_a_teacher_is_graded_and_becomes_nbgraders_layout(course, tmp_path):
    put(says("points 2"), tmp_path / "collected" / "Ada Lovelace.ipynb")
    grade_class(LAB, tmp_path / "collected", course=course, executor=Judges())
    assert points_of(course, "Ada-Lovelace") == 12
    assert course.submission("Ada-Lovelace", NAME).exists()


def test_ctrl_c_keeps_what_is_done_and_loses_nothing(course):
    for learner, word in {"ada": "points 8", "bao": "stopped", "chidi": "points 3"}.items():
        handed_in(course.submitted, learner, says(word))
    with pytest.raises(KeyboardInterrupt):
        grade_class(LAB, course=course, executor=Judges())
    assert points_of(course, "ada") == 48 and points_of(course, "chidi") == 0
    assert {path.name for path in course.submitted.iterdir()} == {"ada", "bao", "chidi"}


def test_a_course_in_a_folder_with_brackets_is_graded(course, tmp_path):
    """Trap 10: nbgrader's own commands find nothing in such a folder."""
    shutil.copytree(course.root, tmp_path / "class [2026]", ignore=shutil.ignore_patterns("class*"))
    course = Course(root=tmp_path / "class [2026]")
    handed_in(course.submitted, "ada", says("points 8"))
    grade_class(LAB, course=course, executor=Judges())
    assert points_of(course, "ada") == 48


def test_without_hand_ins_it_says_where_they_are_expected(course):
    with pytest.raises(Rejected, match="There are no hand-ins of lab06_outbox in .*submitted: expected is LEARNER/"):
        grade_class(LAB, course=course, executor=Judges())


def test_a_disk_that_is_full_stops_with_one_sentence_and_the_scores_before_stay(course):
    handed_in(course.submitted, "ada", says("points 8"))
    grade_class(LAB, course=course, executor=Judges())
    before = scores(course)
    shutil.rmtree(course.work / "autograded")
    (course.work / "autograded").write_text("no folder can be made here")
    with pytest.raises(BackendError, match="could not be written"):
        grade_class(LAB, course=course, executor=Judges())
    assert scores(course) == before


def test_what_a_hand_in_has_spent_is_told_to_the_judge_of_that_learners_next_one(course):
    handed_in(course.submitted, "ada", says("points 7 # spends"))
    handed_in(course.submitted, "bao", says("points 7"))
    judges = Judges()
    grade_class(LAB, course=course, executor=judges)
    assert judges.seen == {"ada": {}, "bao": {}}
    grade_class(LAB, course=course, executor=judges)
    assert judges.seen == {"ada": {"ada-1-0000": "what was said"}, "bao": {}}
