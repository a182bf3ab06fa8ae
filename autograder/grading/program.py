"""A learner's program: the cells that the judge takes from a notebook, in order, and what can be read from them."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from autograder.grading.python_source import bound_by, parse

__all__ = ["Cell", "CellRole", "Part", "Program", "defined_functions", "fingerprint", "is_starter"]

CellRole = Literal["given", "solution", "free"]
Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
"""What a task may ask for."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the learner's notebook, or what is taken of it."""

    id: str
    """The cell's id in the notebook; the task's name where it is a graded cell."""
    role: CellRole
    source: str
    name: str
    """What tracebacks call it: ``lab06_outbox, cell 7``."""
    task: str = ""
    """The grade id of a given or solution cell; nothing for a free cell."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A function of an earlier lab that a program may import from ``shop.parts``, with the cells in which it stands."""

    lab: str
    task: str
    function: str
    cells: tuple[Cell, ...]
    own: bool
    """Did the learner write it? Else it is the reference's."""

    @property
    def sha256(self) -> str:
        """A short hash of its cells."""
        return fingerprint(self.cells)


@dataclass(frozen=True, kw_only=True)
class Program:
    """The learner's cells in order, and what the judge noticed while taking them."""

    title: str
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    """Sentences for the report: what was left out, and that an unsaved cell was used."""
    lost: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Tasks that cannot be judged at all, each with the sentence that says why."""
    unsaved: tuple[str, ...] = ()
    """The tasks whose unsaved source was taken instead of the file's."""
    sha256: str = ""
    """Fingerprint of the notebook file's bytes, for the receipt."""
    parts: tuple[Part, ...] = ()
    """What it may import of earlier labs."""

    def functions(self) -> dict[str, tuple[str, ...]]:
        """The functions and classes that each task's cells define, in order."""
        found: dict[str, tuple[str, ...]] = {}
        for cell in self.cells:
            if cell.role == "solution":
                found[cell.task] = (*found.get(cell.task, ()), *defined_functions(cell.source))
        return found

    def is_attempted(self, function: str) -> bool:
        """Does the last cell that binds this name give it more than the starter's ``raise NotImplementedError``?"""
        last: ast.stmt | None = None
        for cell in self.cells:
            tree = parse(cell.source)
            for statement in tree.body if tree else []:
                last = statement if function in bound_by(statement) else last
        if isinstance(last, Defined):
            return not is_starter(last)
        return last is not None


def fingerprint(cells: Iterable[Cell]) -> str:
    """A short hash of everything in these cells that is judged."""
    return hashlib.sha256("\0".join(cell.source for cell in cells).encode()).hexdigest()[:16]


def defined_functions(source: str) -> dict[str, Defined]:
    """The functions and classes that a cell defines at its top level; none for a cell that is not Python."""
    tree = parse(source)
    body = tree.body if tree else []
    return {node.name: node for node in body if isinstance(node, Defined)}


def is_starter(function: Defined) -> bool:
    """Is the body of this function or class (its docstring aside) nothing but a placeholder?"""
    body = [node for node in function.body if not _is_placeholder_expression(node)]
    return not body or (len(body) == 1 and (isinstance(body[0], ast.Pass) or _raises_not_implemented(body[0])))


def _is_placeholder_expression(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _raises_not_implemented(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Raise) or node.exc is None:
        return False
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
