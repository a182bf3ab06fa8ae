"""Scores: what full checks have earned, one JSON line each, on the learner's own disk.

Lines are only ever added. The last full check of a lab counts; a check that ended in a grader error writes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.backends import state_folder
from autograder.grading.program import Program, fingerprint
from autograder.grading.verdict import Verdict
from autograder.labs import NAMES, find

__all__ = ["Score", "add_line", "last_scores", "record", "scores_file"]


@dataclass(frozen=True, kw_only=True)
class Score:
    """One full check of one lab."""

    lab: str
    at: str
    """UTC, ISO 8601."""
    program: str
    """Fingerprint of the program that was judged."""
    points: Mapping[str, int] = field(default_factory=dict)
    """Points by task."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    """Fingerprint of every task that earned full points; its source is kept as a part, for later labs to build on."""


def scores_file() -> Path:
    """Where the scores are kept."""
    return state_folder() / "learner" / "scores.jsonl"


def record(verdict: Verdict, program: Program, *, now: datetime | None = None) -> Score | None:
    """Keep the score of a full check; None, and nothing written, when the grader itself failed."""
    lab = find(verdict.lab)
    checked = {task.task for task in verdict.tasks}
    if verdict.kind == "error" or any(task.graded and task.name not in checked for task in lab.tasks):
        return None
    score = Score(
        lab=verdict.lab,
        at=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        program=fingerprint(program.cells),
        points={task.task: task.points for task in verdict.tasks},
        kinds={task.task: task.kind for task in verdict.tasks},
        parts=_parts(verdict, program),
    )
    add_line(scores_file(), asdict(score))
    return score


def _parts(verdict: Verdict, program: Program) -> dict[str, str]:
    return {task.task: fingerprint(program.cells) for task in verdict.tasks if task.is_full}


def add_line(path: Path, row: Mapping[str, Any]) -> None:
    """Add one line so that it is there whole or not at all, whoever is killed, whoever else writes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # a line that a full disk cut short; the next check writes a whole one


def last_scores() -> dict[str, Score]:
    """The score that counts, per lab."""
    scores: dict[str, Score] = {}
    for row in _rows(scores_file()):
        if row.get("lab") in NAMES:
            scores[row["lab"]] = Score(**row)
    return scores
