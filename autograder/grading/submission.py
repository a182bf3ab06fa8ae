"""Submission: from the learner's notebook file to the Program that is judged.

Taken are the given and solution cells, in order, and from the learner's own cells the imports, definitions and
constants that those use; experiments, checks and the other learning pieces never. The saved file counts, but a cell that was run and
not saved takes precedence. A file that cannot be judged is Rejected with one sentence; a cell that cannot costs its own
task only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.grading.notebook_file import NotebookCell, Rejected, read_notebook
from autograder.grading.program import Cell, CellRole, Program
from autograder.grading.python_source import trouble
from autograder.grading.selection import definitions_only, names_bound, names_used, used_by, without_magics

__all__ = ["Rejected", "read_program"]

_NEVER_TAKEN = {"experiment", "check", "predict", "quiz", "recall", "hint", "written", "diagram"}


def read_program(
    path: Path, *, lab: str, tasks: Collection[str], unsaved: Mapping[str, str] | None = None
) -> Program:
    """Read the notebook of ``lab``, whose solution cells have the grade ids ``tasks``.

    ``unsaved`` gives the source of cells by their cell id, as they were run last. Raises Rejected.
    """
    file = read_notebook(path)
    _require_this_lab(file.cells, path.name, lab, tasks)
    taking = _Taking(lab, frozenset(tasks), dict(unsaved or {}))
    for cell in file.cells:
        taking.take(cell)
    return taking.program(file.sha256)


def _require_this_lab(cells: tuple[NotebookCell, ...], name: str, lab: str, tasks: Collection[str]) -> None:
    found = {_grade_id(cell) for cell in cells} - {""}
    if not found:
        raise Rejected(f"{name} has no graded cells; take a fresh copy of {lab} and put your answers in.")
    if tasks and not found & set(tasks):
        others = ", ".join(sorted(found)[:3])
        raise Rejected(f"{name} holds another lab's tasks ({others}); hand in the notebook of {lab}.")


def _grade_id(cell: NotebookCell) -> str:
    value = cell.nbgrader.get("grade_id")
    return value if isinstance(value, str) else ""


def _role(cell: NotebookCell, tasks: Collection[str]) -> CellRole | None:
    """None for a cell that is never taken."""
    marks = cell.nbgrader
    if marks.get("grade") or marks.get("task"):
        return None
    if marks.get("solution") or _grade_id(cell) in tasks:
        return "solution"
    if marks.get("locked"):
        return "given"
    return None if _NEVER_TAKEN & set(cell.tags) else "free"


@dataclass
class _Taking:
    """Takes one cell after the other and remembers what must be said about it."""

    lab: str
    tasks: frozenset[str]
    unsaved_sources: dict[str, str]
    cells: list[Cell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    unsaved: list[str] = field(default_factory=list)
    seen: dict[str, tuple[str, int]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def take(self, cell: NotebookCell) -> None:
        role = _role(cell, self.tasks)
        if role is None:
            return
        if cell.kind != "code":
            self._lose_text_cell(cell, role)
            return
        source = self._latest(cell)
        if role != "free" and self._is_copy(cell, source, role):
            return
        self._take_code(cell, role, source)

    def _lose_text_cell(self, cell: NotebookCell, role: CellRole) -> None:
        if role == "solution" and _grade_id(cell) in self.tasks:
            self.lost[_grade_id(cell)] = (
                f"The cell of task {_grade_id(cell)} (cell {cell.number}) is no longer a code cell; "
                "select it, choose Code in the notebook's toolbar, and save."
            )

    def _latest(self, cell: NotebookCell) -> str:
        latest = self.unsaved_sources.pop(cell.id, None) if cell.id else None
        if latest is None or latest == cell.source:
            return cell.source
        self.unsaved.append(_grade_id(cell) or cell.id)
        return latest

    def _is_copy(self, cell: NotebookCell, source: str, role: CellRole) -> bool:
        """Is this a second cell of the same task? Equal copies do no harm; different ones leave the task open."""
        task = _grade_id(cell)
        if task not in self.seen:
            self.seen[task] = (source, cell.number)
            self.lost.pop(task, None)
            return False
        first, number = self.seen[task]
        if role == "solution" and source != first:
            self.lost[task] = (
                f"Cells {number} and {cell.number} are both the cell of task {task} and differ; "
                "delete the one that does not count, and save."
            )
        else:
            self.notes.append(f"Cell {cell.number} is a copy of cell {number} and was left out.")
        return True

    def _take_code(self, cell: NotebookCell, role: CellRole, source: str) -> None:
        name, task = f"{self.lab}, cell {cell.number}", _grade_id(cell)
        source, had_magics = without_magics(source)
        if had_magics:
            self.notes.append(f"The notebook commands of cell {cell.number} (lines with % or !) were left out.")
        wrong = trouble(source)
        if wrong:
            sentence = f"{name}, {wrong}"
            if role == "solution":
                self.lost[task] = sentence
            else:
                self.notes.append(f"{sentence}; the cell was left out.")
            return
        if role == "free":
            source = definitions_only(source, self.known)
            if not source.strip():
                return
        self.known |= names_bound(source)
        self.cells.append(Cell(id=cell.id or task, role=role, source=source, name=name, task=task))

    def program(self, sha256: str) -> Program:
        for task in sorted(self.tasks - self.seen.keys() - self.lost.keys()):
            self.lost[task] = f"The cell of task {task} is not in the notebook; copy it from a fresh {self.lab}."
        kept = _with_what_they_use([cell for cell in self.cells if cell.role != "solution" or cell.task not in self.lost])
        return Program(
            title=self.lab,
            cells=kept,
            notes=tuple(self.notes),
            lost=self.lost,
            unsaved=tuple(self.unsaved),
            sha256=sha256,
        )


def _with_what_they_use(cells: list[Cell]) -> tuple[Cell, ...]:
    """The given and solution cells with what they use of the learner's own: a plot's import would cost every process."""
    own = [cell for cell in cells if cell.role == "free"]
    wanted = {name for cell in cells if cell.role != "free" for name in names_used(cell.source)}
    sources = dict(zip(own, used_by(wanted, [cell.source for cell in own]), strict=True))
    kept = [replace(cell, source=sources[cell]) if cell in sources else cell for cell in cells]
    return tuple(cell for cell in kept if cell.source.strip())
