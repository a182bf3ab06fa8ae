"""Where things lie: the clone, the learner's folder in it, and a lab's notebook."""

from __future__ import annotations

from pathlib import Path

from autograder.backends.state import ROOT
from autograder.cli.endings import USAGE, Ended

__all__ = ["ROOT", "WORK", "notebook_of", "shown", "task_of"]

WORK = ROOT / "work"
"""The learner's folder."""


def notebook_of(lab: str, given: Path | None = None) -> Path:
    """The notebook to judge: the one that was given, else the learner's own; raises Ended when it is not there."""
    from autograder import labs

    name = labs.named(lab)
    notebook = given or WORK / "labs" / name / f"{name}.ipynb"
    if notebook.exists():
        return notebook
    mends = "Check the path." if given else "`./fortnight start` copies the labs into work/."
    raise Ended(f"There is no notebook {shown(notebook)}. {mends}", USAGE)


def task_of(lab: str, task: str) -> str:
    """The task's name, once it is known to exist; raises Ended with the names there are."""
    from autograder import labs

    tasks = [known.name for known in labs.find(lab).tasks]
    if task in tasks:
        return task
    raise Ended(f"{labs.named(lab)} has no task {task!r}. Its tasks are: {', '.join(tasks)}.", USAGE)


def shown(path: Path) -> str:
    """A path as the learner wants to read it: from the clone where it lies inside."""
    return str(path.relative_to(ROOT)) if path.is_absolute() and path.is_relative_to(ROOT) else str(path)
