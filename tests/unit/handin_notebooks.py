"""Notebooks of lab 6 for the tests of hand-ins: the learner's version with answers of our choice, and hostile files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat

from autograder.grading.judging import Graded, Judged
from autograder.labs import find

ROOT = Path(__file__).resolve().parents[2]
LAB = find("lab06_outbox")
NAME = LAB.name


def fresh() -> dict[str, Any]:
    """The notebook as learners get it."""
    return json.loads((ROOT / "labs" / NAME / f"{NAME}.ipynb").read_text("utf-8"))


def reference() -> dict[str, Any]:
    """The notebook with the reference's answers."""
    return json.loads((ROOT / "solutions" / NAME / f"{NAME}.ipynb").read_text("utf-8"))


def cell(notebook: dict[str, Any], grade_id: str) -> dict[str, Any]:
    """The cell with this grade id."""
    return next(one for one in notebook["cells"] if one["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def answered(**sources: str) -> dict[str, Any]:
    """The learner's notebook with these answers, by function: ``answered(relay="def relay(at): return 0")``."""
    notebook = fresh()
    for function, source in sources.items():
        cell(notebook, f"solution-{function}")["source"] = source
    return notebook


def put(notebook: dict[str, Any] | bytes | str, path: Path) -> Path:
    """Write a notebook (or whatever stands in its place) to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = json.dumps(notebook).encode() if isinstance(notebook, dict) else notebook
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def handed_in(folder: Path, learner: str, notebook: dict[str, Any] | bytes | str, at: str = "2025-11-03 10:00:00 UTC") -> Path:
    """A hand-in in nbgrader's layout."""
    path = put(notebook, folder / learner / NAME / f"{NAME}.ipynb")
    path.with_name("timestamp.txt").write_text(at)
    return path


def graded(points: int = 5, kind: str = "broken", said: str = "") -> Graded:
    """A result with the same points for every task and a report that needs escaping."""
    tasks = {
        task.name: Judged(kind=kind, points=min(points, task.points_max), plain=f"{task.title}: <b>", html="<p>the report</p>")
        for task in LAB.tasks
        if task.graded
    }
    return Graded(lab=NAME, kind=kind, said=said, tasks=tasks if kind not in ("error", "rejected") else {})


def lab_notebook() -> nbformat.NotebookNode:
    """The learner's notebook as nbformat reads it."""
    return nbformat.read(ROOT / "labs" / NAME / f"{NAME}.ipynb", as_version=4)
