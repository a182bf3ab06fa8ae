"""What a terminal, a notebook or a script may ask of the grader, each in one call.

Everything raises :class:`Rejected` (the input), :class:`BackendError` (the backends) or :class:`BadRunName`/
:class:`UnknownLab` (the words), each with one sentence that says what is wrong and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.backends import ROOT
from autograder.explore.names import BadRunName, RunName
from autograder.explore.scenario import Played
from autograder.grading import scores, spent
from autograder.grading.handins import solution_ids
from autograder.grading.judge import judge
from autograder.grading.lanes import backends_for
from autograder.grading.parts import keep, with_own_parts
from autograder.grading.program import Program
from autograder.grading.progress import progress_text
from autograder.grading.receipt import Receipt, hand_in
from autograder.grading.replays import play_again
from autograder.grading.request import Report, report_of
from autograder.grading.submission import Rejected, read_program
from autograder.grading.verdict import Verdict
from autograder.labs import Lab, find

if TYPE_CHECKING:
    from autograder.grading.classroom import Class

__all__ = [
    "BadRunName",
    "Rejected",
    "Report",
    "check",
    "demo",
    "every_kill",
    "experiment",
    "grade",
    "notebook_of",
    "parts",
    "program_of",
    "progress",
    "replay",
    "submit",
]

Say = Callable[[str], None]


def _silent(line: str) -> None:
    """Nobody listens."""


def notebook_of(lab: Lab, notebook: Path | None = None) -> Path:
    """The learner's notebook of a lab: the one named, else the one in ``work/``."""
    return notebook or ROOT / "work" / "labs" / lab.name / f"{lab.name}.ipynb"


def program_of(lab: Lab, notebook: Path, unsaved: Mapping[str, str] | None = None) -> Program:
    """What is judged of a notebook in the learner's own clone, with the learner's own parts; raises Rejected."""
    program = read_program(notebook, lab=lab.name, tasks=solution_ids(lab), unsaved=unsaved)
    return with_own_parts(lab, program)


def check(
    lab_name: str,
    task: str | None,
    notebook: Path | None,
    *,
    unsaved: Mapping[str, str] | None = None,
    progress: Say = _silent,
) -> Report:
    """Judge a lab, or one task of it, as it stands on disk; a full check records the score."""
    lab = find(lab_name)
    program = program_of(lab, notebook_of(lab, notebook), unsaved)
    spent.count()
    verdict = judge_program(lab, program, [task] if task else None, progress)
    if notebook is not None and notebook.absolute() != notebook_of(lab):
        verdict = replace(verdict, notebook=str(notebook))
    verdict = replace(verdict, notes=(*verdict.notes, *keep(verdict, program)))
    try:
        scores.record(verdict, program)
    except OSError as error:
        why = f"Your score was not recorded: {scores.scores_file()} cannot be written ({error.strerror}). Mend that and check again."
        verdict = replace(verdict, notes=(*verdict.notes, why))
    return report_of(verdict)


def judge_program(lab: Lab, program: Program, tasks: list[str] | None, progress: Say = _silent) -> Verdict:
    """Judge a program; on this clone's backends, where the lab needs any."""
    with backends_for(lab, progress) as backends:
        return judge(
            lab.name, program, backends=backends, tasks=tasks, progress=_lines(lab, progress), say=progress
        )


def _lines(lab: Lab, say: Say) -> Callable[[str, int, int, Played | None], None]:
    """Progress as lines that a person reads; the first broken run is told at once."""

    def told(task: str, done: int, planned: int, broken: Played | None) -> None:
        if broken is not None:
            rule = lab.rule(broken.violations[0].rule)
            say(f"{lab.task(task).title}: rule {rule.number} is broken by {broken.name}; looking for a smaller run")
        elif done == planned or done % 5 == 0:
            say(f"{lab.task(task).title}: run {done} of {planned}")

    return told


def replay(run: str, notebook: Path | None = None, *, progress: Say = _silent) -> Report:
    """Play one run again, exactly, against the notebook as it is on disk."""
    lab = find(RunName.parse(run).lab)
    spent.count()
    return play_again(lab, program_of(lab, notebook_of(lab, notebook)), run, progress=progress)


def inspect(
    target: str,
    *,
    arguments: Sequence[str] = (),
    schema: Path | None = None,
    topics: Sequence[str] = (),
    run: str | None = None,
    progress: Say = _silent,
) -> Report:
    """Sweep a function of one's own project; see :mod:`autograder.grading.inspection`."""
    from autograder.grading import inspection

    return inspection.inspect(target, arguments=arguments, schema=schema, topics=topics, run=run, progress=progress)


def experiment(request: Mapping[str, Any]) -> dict[str, Any]:
    """Play one run for a notebook's experiment; see :mod:`autograder.notebook.experiment`."""
    from autograder.grading.experiments import play_experiment

    return play_experiment(request)


def every_kill(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Play a story undisturbed and with every kill; see :mod:`autograder.notebook.experiment`."""
    from autograder.grading.experiments import play_every_kill

    return play_every_kill(request)


def parts(lab_name: str) -> dict[str, list[dict[str, str]]]:
    """The parts that a lab uses, the learner's own where there are some: for each function the cells in which it stands."""
    lab = find(lab_name)
    used = with_own_parts(lab, Program(title=lab.name, cells=())).parts
    return {part.function: [{"name": cell.name, "source": cell.source} for cell in part.cells] for part in used}


def submit(lab_name: str, notebook: Path | None = None, *, learner: str | None = None) -> Receipt:
    """Hand the notebook on disk in; raises Rejected when it cannot be judged, and then the hand-in before it counts."""
    lab = find(lab_name)
    return hand_in(lab, notebook_of(lab, notebook), learner=learner)


def grade(
    lab_name: str, folder: Path | None = None, *, executor: Executor | None = None, progress: Say = _silent
) -> Class:
    """Judge all hand-ins of a lab and fill nbgrader's gradebook; as text the answer is the table of the class."""
    from autograder.grading.classroom import grade_class  # it needs nbformat, which nobody who checks should wait for

    return grade_class(find(lab_name), folder, executor=executor, progress=progress)


def progress() -> str:
    """The learner's points by day and by outcome, as a text."""
    return progress_text()


def demo(progress: Say = _silent) -> int:
    """Day 6, a hand-in that breaks and one that does not, with both reports; an exit code."""
    from autograder.grading.demo import run_demo

    return run_demo(progress)
