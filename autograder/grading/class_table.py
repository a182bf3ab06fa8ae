"""The table of a class: one line for each learner, and a sentence for each hand-in that has no new score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.grading.judging import Graded
from autograder.labs import Lab

__all__ = ["ClassRow", "class_table"]

_WORDS = {"error": "grader error", "unanswered": "not attempted"}


@dataclass(frozen=True, kw_only=True)
class ClassRow:
    """What became of one learner's hand-in."""

    learner: str
    graded: Graded
    kept: float | None = None
    """The score of the last valid hand-in, which counts while this one has none."""


def class_table(lab: Lab, rows: Sequence[ClassRow]) -> str:
    """The table as plain text."""
    head = ("learner", "core", "stretch", "verdict", "mistakes", "time")
    lines = [head, *(_line(lab, row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*table, *_notes(rows)]) + "\n"


def _line(lab: Lab, row: ClassRow) -> tuple[str, ...]:
    graded = row.graded
    if not graded.has_score:
        return (row.learner, "", "", _WORDS.get(graded.kind, graded.kind), "", "")
    mistakes = dict.fromkeys(task.mistake.replace("_", " ") for task in graded.tasks.values() if task.mistake)
    return (
        row.learner,
        _sum(lab, graded, stretch=False),
        _sum(lab, graded, stretch=True),
        _verdict(graded),
        ", ".join(mistakes),
        f"{graded.seconds:.0f} s",
    )


def _sum(lab: Lab, graded: Graded, *, stretch: bool) -> str:
    chosen = [task for task in lab.tasks if task.graded and task.stretch is stretch]
    got = sum(graded.tasks[task.name].points for task in chosen if task.name in graded.tasks)
    return f"{got} of {sum(task.points_max for task in chosen)}"


def _verdict(graded: Graded) -> str:
    if graded.kind == "unanswered" and any(task.kind != "unanswered" for task in graded.tasks.values()):
        return "incomplete"
    return _WORDS.get(graded.kind, graded.kind)


def _notes(rows: Sequence[ClassRow]) -> list[str]:
    notes = []
    for row in rows:
        if not row.graded.has_score:
            stays = f" The score of the last valid hand-in stays: {row.kept:g}." if row.kept is not None else ""
            notes.append(f"{row.learner}: {row.graded.said}{stays}")
    return ["", *notes] if notes else []
