"""Where the points of a check cell come from: the lab's own module, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from .errors import ManuscriptError
from .segments import Segment

__all__ = ["PointsOf", "agreed_points", "points_of_lab"]

_LABS = Path(__file__).resolve().parents[1] / "labs"

PointsOf = Callable[[str], "Mapping[str, float] | None"]
"""From a lab (``lab06_outbox``) to its tasks and their points; None for a lab whose module is not written yet."""


def points_of_lab(lab: str) -> Mapping[str, float] | None:
    """The points of every task of `autograder/labs/labNN_topic.py`; an ungraded task has none."""
    if not (_LABS / f"{lab}.py").exists():
        return None
    tasks = import_module(f"autograder.labs.{lab}").LAB.tasks
    return {task.name: task.points_max if task.graded else 0 for task in tasks}


def agreed_points(segment: Segment, lab: str, points_of: PointsOf, path: str) -> float:
    """The points of this check cell; an error when the text says otherwise or nobody says anything."""
    written = _number(segment, path)
    tasks = points_of(lab)
    if tasks is None and written is None:
        raise _error(
            f"autograder/labs/{lab}.py is not there yet; write points=... on this fence until it is", segment, path
        )
    if tasks is None:
        assert written is not None
        return written
    if segment.name not in tasks:
        raise _error(f"{lab} has no task {segment.name!r}; its tasks are {', '.join(tasks)}", segment, path)
    points = tasks[segment.name]
    if written is not None and written != points:
        raise _error(
            f"{segment.name!r} gives {written:g} points here and {points:g} in autograder/labs/{lab}.py", segment, path
        )
    return points


def _number(segment: Segment, path: str) -> float | None:
    text = segment.attributes.get("points")
    if text is None:
        return None
    if not text.isdigit():
        raise _error(f"points={text} is no whole number", segment, path)
    return int(text)


def _error(message: str, segment: Segment, path: str) -> ManuscriptError:
    return ManuscriptError(message, path=path, line=segment.line)
