"""What nbgrader's own commands call on this course; nbgrader_config.py puts it in the place of their preprocessors.

``nbgrader autograde`` would run a learner's notebook, checks included, in one kernel with everything within its reach.
Here the hand-in is read with care, judged by the judge, and entered into the gradebook, with the same points as
``./fortnight grade`` gives.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter, NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import parse_utc
from traitlets import List, Unicode, default

from autograder.grading import spent
from autograder.grading.course import Course
from autograder.grading.feedback import feedback_page
from autograder.grading.gradebook import enter
from autograder.grading.handins import TIMESTAMP, HandIn, read_handin
from autograder.grading.judging import judge_handin
from autograder.grading.notebook_file import read_notebook
from autograder.grading.restored import lab_cells, refused, restored, with_reports
from autograder.labs import find

__all__ = ["FeedbackExporter", "GraderBroke", "HandInExporter", "Judge", "set_aside_what_is_no_file"]

_HANDIN, _COURSE = "fortnight_handin", "fortnight_course"


class GraderBroke(Exception):
    """The judge could not do its work; nbgrader then keeps the score that was there."""


class HandInExporter(NotebookExporter):
    """Reads a hand-in with care, whatever lies at its path; what nbgrader reads back afterwards is our own file."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """A hand-in as the lab's notebook with the learner's answers; a rejected one as a note that says why."""
        path, names = Path(filename), resources["nbgrader"]
        course = self.parent.coursedir
        lab = find(names["assignment"])
        ours = course.format_path(course.autograded_directory, names["student"], names["assignment"])
        if os.path.abspath(path.parent) == os.path.abspath(ours):
            return super().from_filename(filename, resources=resources, **kw)
        _leave_only_the_timestamp(Path(ours))
        handin = read_handin(lab, names["student"], path)
        cells = lab_cells(Path(course.root) / "labs" / lab.name / f"{lab.name}.ipynb")
        notebook = refused(handin.rejected, cells) if handin.rejected else restored(read_notebook(path), cells)
        return self.from_notebook_node(notebook, resources={**resources, _HANDIN: handin, _COURSE: Course(root=Path(course.root))})


def _leave_only_the_timestamp(folder: Path) -> None:
    """nbgrader has copied what lies beside a hand-in, links followed; none of it may reach the feedback folder."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        elif path.name != TIMESTAMP or path.parent != folder:
            path.unlink()


class Judge(NbGraderPreprocessor):
    """Judges the hand-in, shows the report in its check cells and enters the points."""

    tasks = List(Unicode(), help="Judge these tasks alone, for those who test the grader; all of them when empty.").tag(config=True)

    def preprocess(self, nb: nbformat.NotebookNode, resources: Any) -> tuple[nbformat.NotebookNode, Any]:
        """Raises GraderBroke where there is no verdict on the program; a rejected hand-in changes no score."""
        handin: HandIn = resources.pop(_HANDIN)
        course: Course = resources.pop(_COURSE)
        if handin.rejected:
            self.log.error("The hand-in of %s was rejected: %s No score was changed.", handin.learner, handin.rejected)
            return nb, resources
        seen = spent.seen_of(course, handin.learner)
        graded = judge_handin(handin.lab, handin.data, self.tasks or None, learner=handin.learner, seen=seen)
        if not graded.has_score:
            raise GraderBroke(f"No score for {handin.learner}: {graded.said}")
        spent.keep(course, handin.learner, graded.spent)
        with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
            enter(gradebook, find(handin.lab), handin.learner, handin.at, nb, graded)
        return with_reports(nb, graded), resources


class FeedbackExporter(Exporter):
    """The course's own feedback page, for ``nbgrader generate_feedback``."""

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: nbformat.NotebookNode, resources: Any = None, **kw: Any) -> Any:
        """The page, from the autograded notebook with the scores that nbgrader has put into its cells."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        names = resources["nbgrader"]
        penalty = names.get("late_penalty") or 0
        refusal = next((cell.source for cell in nb.cells if cell.get("id") == "rejected"), "")
        return feedback_page(find(names["assignment"]), names["student"], nb, refusal=refusal, late_penalty=penalty), resources


def set_aside_what_is_no_file(*, notebooks: Sequence[str], **named: Any) -> None:
    """Before nbgrader copies what lies beside hand-ins: links, pipes and unreadable timestamps go out of its way."""
    for folder in {Path(notebook).parent for notebook in notebooks}:
        for path in folder.rglob("*"):
            plain = stat.S_ISREG(path.lstat().st_mode) or stat.S_ISDIR(path.lstat().st_mode)
            if path.suffix == ".ipynb" and path.parent == folder:
                continue
            if not plain or (path.name == TIMESTAMP and not _says_a_time(path)):
                aside = folder.parent / f".{folder.name}-set-aside"
                aside.mkdir(exist_ok=True)
                os.rename(path, aside / path.name)


def _says_a_time(path: Path) -> bool:
    try:
        return parse_utc(path.read_text(encoding="utf-8").strip()) is not None
    except (OSError, ValueError, OverflowError):
        return False
