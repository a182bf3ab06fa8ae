"""Restored: a hand-in as a notebook that teachers can open. The learner's answers in the lab's own cells, nothing else.

Every cell is built anew from its text; what the lab says about a cell (its points, its lock, the source of locked
cells) comes from the lab. Outputs, tags and whatever else a learner's file says are left behind.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, v4

from autograder.grading.judging import Graded
from autograder.grading.notebook_file import NotebookCell, NotebookFile

__all__ = ["is_check", "lab_cells", "refused", "restored", "task_of", "with_reports"]

_KINDS = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}


def lab_cells(release: Path) -> dict[str, NotebookNode]:
    """The cells of a lab that nbgrader knows, by grade id, from the version that learners get."""
    cells = nbformat.read(release, as_version=4).cells
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells if "nbgrader" in cell.metadata}


def is_check(cell: Mapping[str, Any]) -> bool:
    """Is this a check cell, whose points the judge gives?"""
    marks = cell["metadata"].get("nbgrader") or {}
    return bool(marks.get("grade")) and not marks.get("solution") and cell["cell_type"] == "code"


def task_of(cell: Mapping[str, Any]) -> str:
    """The task of a check cell: ``check-relay`` is relay's."""
    return str(cell["metadata"]["nbgrader"]["grade_id"]).removeprefix("check-")


def restored(file: NotebookFile, lab: Mapping[str, NotebookNode]) -> NotebookNode:
    """The notebook with every cell of the lab exactly once; a lab's cell that was missing stands at the end."""
    cells: list[NotebookNode] = []
    seen: set[str] = set()
    for cell in file.cells:
        known = cell.nbgrader.get("grade_id")
        if isinstance(known, str) and known in lab and known not in seen:
            seen.add(known)
            cells.append(_in_its_place(lab[known], cell))
        else:
            cells.append(_own(cell))
    cells += _added(lab, seen)
    return _notebook(cells)


def _in_its_place(ours: NotebookNode, theirs: NotebookCell) -> NotebookNode:
    cell = copy.deepcopy(ours)
    if cell.metadata.nbgrader.solution:
        cell.source = theirs.source
    return cell


def _own(cell: NotebookCell) -> NotebookNode:
    """A cell that the lab does not have: the learner's own, or a second copy."""
    made: NotebookNode = _KINDS.get(cell.kind, v4.new_raw_cell)(cell.source)
    made.id = f"handin-{cell.number}"
    return made


def _added(lab: Mapping[str, NotebookNode], seen: set[str]) -> Iterator[NotebookNode]:
    for name, ours in lab.items():
        if name not in seen and (ours.metadata.nbgrader.grade or ours.metadata.nbgrader.solution):
            note = v4.new_markdown_cell(f"The cell `{name}` was missing from the hand-in; this is the lab's own.")
            note.id = re.sub(r"[^\w-]", "-", f"missing-{name}")[:64]
            yield note
            yield copy.deepcopy(ours)


def refused(sentence: str, lab: Mapping[str, NotebookNode]) -> NotebookNode:
    """What stands in the place of a hand-in that was rejected: why, and the lab's graded cells without a score."""
    note = v4.new_markdown_cell(f"**This hand-in was rejected.** {sentence} No score was changed.")
    note.id = "rejected"
    return _notebook([note, *(copy.deepcopy(cell) for cell in lab.values() if cell.metadata.nbgrader.grade)])


def _notebook(cells: list[NotebookNode]) -> NotebookNode:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    notebook.nbformat_minor = 5
    return notebook


def with_reports(notebook: NotebookNode, graded: Graded) -> NotebookNode:
    """The notebook with each check cell as if it had been run: the report is shown, its value is the points."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata["fortnight"] = {"said": graded.tail}
    for cell in notebook.cells:
        judged = graded.tasks.get(task_of(cell)) if is_check(cell) else None
        if judged is None:
            continue
        report = v4.new_output("display_data", data={"text/html": judged.html, "text/plain": judged.plain})
        points = v4.new_output("execute_result", data={"text/plain": str(judged.points)}, execution_count=1)
        cell.outputs, cell.execution_count = [report, points], 1
    return notebook
