"""Grade: the hand-ins of a class, judged side by side and entered into nbgrader's gradebook one after the other.

The judging runs in any ``concurrent.futures`` executor and touches nothing that is kept; what is kept is written here,
in the order of the learners' names. So gradebooks are the same however many judges worked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from autograder.grading import spent
from autograder.grading.class_table import ClassRow, class_table
from autograder.grading.course import Course, write_whole
from autograder.grading.feedback import feedback_page
from autograder.grading.handins import TIMESTAMP, HandIn, find_handins
from autograder.grading.judging import Graded, allow_judging, judge_handin, stop_judging
from autograder.grading.lanes import backends_for
from autograder.grading.notebook_file import Rejected, read_notebook
from autograder.grading.restored import lab_cells, refused, restored, with_reports
from autograder.grading.scores import add_line
from autograder.labs import Lab

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

__all__ = ["JUDGES", "Class", "grade_class"]

JUDGES = max(1, min(8, os.cpu_count() or 1))
"""Judges at work by default. Each has one lane: about 200 MB, and at most ten of Postgres's hundred connections."""


@dataclass(frozen=True, kw_only=True)
class Class:
    """What came of a class's hand-ins; as text it is the table."""

    lab: Lab
    rows: tuple[ClassRow, ...]

    def __str__(self) -> str:
        return class_table(self.lab, self.rows)

    @property
    def exit_code(self) -> int:
        """0 when every hand-in has its score, 2 when one was rejected, 4 when the grader broke on one."""
        kinds = {row.graded.kind for row in self.rows}
        return 4 if "error" in kinds else 2 if "rejected" in kinds else 0


def grade_class(
    lab: Lab,
    folder: Path | None = None,
    *,
    course: Course | None = None,
    executor: Executor | None = None,
    tasks: Iterable[str] | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Class:
    """Judge every hand-in of a lab and keep what came of it.

    ``executor`` runs :func:`~autograder.grading.judging.judge_handin`; without one, local processes do. ``tasks`` are
    for those who test the grader. Raises Rejected (no hand-ins) and BackendError.
    """
    from autograder.grading.gradebook import open_gradebook  # nbgrader takes more than a second, others need not pay

    course = course or Course()
    place = folder or course.submitted
    handins = find_handins(lab, place) if place.is_dir() else []
    if not handins:
        raise Rejected(f"There are no hand-ins of {lab.name} in {place}: expected is LEARNER/{lab.name}/{lab.name}.ipynb.")
    chosen = tuple(tasks) if tasks is not None else None
    with open_gradebook(course, lab) as gradebook, _judges(lab, executor, progress) as judges:
        keeper = _Keeper(lab, course, gradebook)
        begun = [(handin, _begin(judges, handin, chosen, spent.seen_of(course, handin.learner))) for handin in handins]
        try:
            rows = [keeper.keep(handin, _result(lab, handin, future)) for handin, future in _told(begun, progress)]
        except BaseException:
            for _, future in begun:
                future.cancel()
            raise
    return Class(lab=lab, rows=tuple(rows))


@contextmanager
def _judges(lab: Lab, executor: Executor | None, progress: Callable[[str], None]) -> Iterator[Executor]:
    """The executor that was given, else threads that each wait for a judge's process; Ctrl-C ends those."""
    if executor is not None:
        yield executor
        return
    own = ThreadPoolExecutor(JUDGES, thread_name_prefix="judge")
    try:
        with backends_for(lab, progress):
            yield own
    except BaseException:
        own.shutdown(wait=False, cancel_futures=True)
        stop_judging()
        raise
    finally:
        own.shutdown()
        allow_judging()


def _begin(judges: Executor, handin: HandIn, tasks: tuple[str, ...] | None, seen: Mapping[str, str]) -> Future[Graded]:
    if not handin.rejected:
        return judges.submit(judge_handin, handin.lab, handin.data, tasks, learner=handin.learner, seen=seen)
    known: Future[Graded] = Future()
    known.set_result(Graded(lab=handin.lab, kind="rejected", said=handin.rejected))
    return known


def _told(
    begun: list[tuple[HandIn, Future[Graded]]], progress: Callable[[str], None]
) -> Iterator[tuple[HandIn, Future[Graded]]]:
    for number, (handin, future) in enumerate(begun, start=1):
        progress(f"Judging {len(begun)} hand-ins: {number - 1} are done, waiting for {handin.learner}")
        yield handin, future


def _result(lab: Lab, handin: HandIn, future: Future[Graded]) -> Graded:
    """What the judge says; whatever goes wrong around it is the grader's error and nobody's score."""
    try:
        return future.result()
    except (CancelledError, Exception) as error:
        why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return Graded(lab=lab.name, kind="error", said=f"The judge of {handin.learner} was lost ({why}); grade it again.")


class _Keeper:
    """Writes what is kept of a hand-in: gradebook, autograded notebook, feedback, record."""

    def __init__(self, lab: Lab, course: Course, gradebook: Gradebook) -> None:
        self.lab, self.course, self.gradebook = lab, course, gradebook
        self.cells = lab_cells(course.root / "labs" / lab.name / f"{lab.name}.ipynb")

    def keep(self, handin: HandIn, graded: Graded) -> ClassRow:
        """All of it, or for a hand-in without a score what says so."""
        kept = None
        if graded.has_score:
            self._keep_scored(handin, graded)
        else:
            kept = self._score_that_stays(handin.learner)
            if graded.kind == "rejected":
                self._keep_refusal(handin, graded.said)
        spent.keep(self.course, handin.learner, graded.spent)
        self._record(handin, graded)
        return ClassRow(learner=handin.learner, graded=graded, kept=kept)

    def _keep_scored(self, handin: HandIn, graded: Graded) -> None:
        from autograder.grading.gradebook import add_scores, enter

        notebook = with_reports(restored(read_notebook(handin.path), self.cells), graded)
        stamp = f"{handin.at:%Y-%m-%d %H:%M:%S} UTC\n".encode()
        submission = self.course.submission(handin.learner, self.lab.name)
        autograded = self.course.autograded(handin.learner, self.lab.name)
        if submission.absolute() != handin.path.absolute():
            write_whole(submission, handin.data)
            write_whole(submission.with_name(TIMESTAMP), stamp)
        write_whole(autograded, (nbformat.writes(notebook) + "\n").encode())
        write_whole(autograded.with_name(TIMESTAMP), stamp)
        enter(self.gradebook, self.lab, handin.learner, handin.at, notebook, graded)
        add_scores(self.gradebook, self.lab, handin.learner, notebook)
        self._write_feedback(handin.learner, notebook)

    def _keep_refusal(self, handin: HandIn, sentence: str) -> None:
        """The page says why; below it stands what counts, when an earlier hand-in does."""
        from autograder.grading.gradebook import add_scores

        autograded = self.course.autograded(handin.learner, self.lab.name)
        if not autograded.exists():
            notebook = refused(sentence, self.cells)
        else:
            notebook = nbformat.read(autograded, as_version=4)
            add_scores(self.gradebook, self.lab, handin.learner, notebook)
        self._write_feedback(handin.learner, notebook, refusal=sentence)

    def _write_feedback(self, learner: str, notebook: NotebookNode, refusal: str = "") -> None:
        page = feedback_page(self.lab, learner, notebook, refusal=refusal)
        write_whole(self.course.feedback(learner, self.lab.name), page.encode())

    def _score_that_stays(self, learner: str) -> float | None:
        from nbgrader.api import MissingEntry

        try:
            return float(self.gradebook.find_submission(self.lab.name, learner).score)
        except MissingEntry:
            return None

    def _record(self, handin: HandIn, graded: Graded) -> None:
        """One line for each hand-in, once: what is graded again with the same result is not news."""
        row = {
            "lab": self.lab.name,
            "learner": handin.learner,
            "at": handin.at.isoformat(),
            "sha256": handin.sha256,
            "state": "valid" if graded.has_score else graded.kind,
            "said": graded.said,
            "points": {name: task.points for name, task in graded.tasks.items()},
        }
        if row not in self._recorded():
            add_line(self.course.records, row)

    def _recorded(self) -> list[Mapping[str, object]]:
        path = self.course.records
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
