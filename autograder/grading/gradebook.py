"""Gradebook: the judge's points as rows of nbgrader's own database, so that its formgrader and exports show them."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import compute_checksum
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.backends import BackendError
from autograder.grading.course import Course
from autograder.grading.judging import Graded
from autograder.grading.restored import is_check, task_of
from autograder.labs import Lab

__all__ = ["add_scores", "enter", "exported", "open_gradebook"]

COURSE_ID = "fortnight"


@contextmanager
def open_gradebook(course: Course, lab: Lab) -> Iterator[Gradebook]:
    """One session on the gradebook, which knows the lab's cells and points when it begins. Raises BackendError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's joins; nothing that a teacher could mend
        try:
            with _session(course) as gradebook:
                if not _knows(gradebook, lab):
                    _save_cells(course, lab, gradebook)
                yield gradebook
        except SQLAlchemyError as error:
            raise BackendError(
                f"The gradebook {course.work / 'gradebook.db'} cannot be used ({str(error).splitlines()[0]}): make room, "
                "close whoever has it locked, or move it away, and grade again; hand-ins are not touched."
            ) from error


@contextmanager
def _session(course: Course) -> Iterator[Gradebook]:
    course.work.mkdir(parents=True, exist_ok=True)
    # For a new database nbgrader calls the program alembic, which is beside our Python and perhaps not on PATH.
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), before])
    try:
        gradebook = Gradebook(course.gradebook_url, COURSE_ID)
    finally:
        os.environ["PATH"] = before
    with gradebook:
        yield gradebook


def _knows(gradebook: Gradebook, lab: Lab) -> bool:
    try:
        notebook = gradebook.find_notebook(lab.name, lab.name)
    except MissingEntry:
        return False
    points = {cell.name: cell.max_score for cell in notebook.grade_cells if cell.cell_type == "code"}
    return points == {f"check-{task.name}": task.points_max for task in lab.tasks if task.graded}


def _save_cells(course: Course, lab: Lab, gradebook: Gradebook) -> None:
    """What ``nbgrader generate_assignment`` would put into the gradebook, from the version that learners get."""
    gradebook.update_or_create_assignment(lab.name)
    release = nbformat.read(course.root / "labs" / lab.name / f"{lab.name}.ipynb", as_version=4)
    names = {"assignment": lab.name, "notebook": lab.name, "db_url": course.gradebook_url}
    try:
        SaveCells().preprocess(release, {"nbgrader": names})
    except RuntimeError as error:
        raise BackendError(
            f"{lab.name} has other graded cells now than when its first hand-ins were graded, and nbgrader cannot change "
            f"that: move {course.work / 'gradebook.db'} away and grade all hand-ins again."
        ) from error
    gradebook.db.expire_all()


def enter(gradebook: Gradebook, lab: Lab, learner: str, at: datetime, notebook: NotebookNode, graded: Graded) -> None:
    """Enter a hand-in's points, all or none of them; ``notebook`` has every graded cell of the lab once.

    As in nbgrader, manual scores stay and are to be looked at again, and an unchanged answer is "No response.".
    """
    try:
        gradebook.update_or_create_student(learner)
        gradebook.update_or_create_submission(lab.name, learner, timestamp=at)
        for cell in notebook.cells:
            marks = cell.metadata.get("nbgrader") or {}
            if marks.get("grade"):
                grade = gradebook.find_grade(marks["grade_id"], lab.name, lab.name, learner)
                grade.auto_score = _auto_score(cell, graded)
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            if marks.get("solution"):
                comment = gradebook.find_comment(marks["grade_id"], lab.name, lab.name, learner)
                comment.auto_comment = None if _is_answered(cell) else "No response."
        gradebook.db.commit()
    except BaseException:
        gradebook.db.rollback()
        raise


def _auto_score(cell: NotebookNode, graded: Graded) -> float | None:
    """The judge's points; for a written question none when nothing was written, and a teacher's decision otherwise."""
    if not is_check(cell):
        return None if _is_answered(cell) else 0.0
    judged = graded.tasks.get(task_of(cell))
    return float(judged.points) if judged is not None else 0.0


def _is_answered(cell: NotebookNode) -> bool:
    return bool(compute_checksum(cell) != cell.metadata.nbgrader.get("checksum"))


def add_scores(gradebook: Gradebook, lab: Lab, learner: str, notebook: NotebookNode) -> None:
    """Write scores, points and comments into the notebook's cells, as nbgrader's GetGrades does before feedback."""
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader") or {}
        if marks.get("solution"):
            comment = gradebook.find_comment(marks["grade_id"], lab.name, lab.name, learner)
            marks["comment"] = comment.comment
        if marks.get("grade"):
            grade = gradebook.find_grade(marks["grade_id"], lab.name, lab.name, learner)
            marks["score"], marks["points"] = grade.score, grade.max_score


def exported(gradebook: Gradebook, lab: Lab) -> str:
    """Every score of a lab as JSON lines without database ids: equal gradebooks give equal text."""
    return "".join(json.dumps(row, sort_keys=True) + "\n" for row in _rows(gradebook, lab))


def _rows(gradebook: Gradebook, lab: Lab) -> Iterator[Mapping[str, Any]]:
    submissions = gradebook.assignment_submissions(lab.name)
    for submission in sorted(submissions, key=lambda one: one.student_id):
        for grade in sorted(submission.notebooks[0].grades, key=lambda one: one.name):
            yield {
                "learner": submission.student_id,
                "handed_in": submission.timestamp.isoformat() if submission.timestamp else None,
                "cell": grade.name,
                "auto_score": grade.auto_score,
                "manual_score": grade.manual_score,
                "needs_manual_grade": grade.needs_manual_grade,
                "score": grade.score,
                "max_score": grade.max_score,
            }
