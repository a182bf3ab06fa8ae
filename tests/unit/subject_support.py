"""Tiny learner programs for the tests of subject and sandbox."""

from __future__ import annotations

import textwrap
from typing import Any

from autograder.grading.program import Cell, Program
from autograder.grading.subject import Result, Zygote

__all__ = ["of_cells", "one_cell", "play"]


def one_cell(source: str) -> Program:
    """A program of one solution cell."""
    return of_cells(source)


def of_cells(*sources: str) -> Program:
    """A program of solution cells, named as those of lab 6 are, from cell 7 on."""
    cells = [
        Cell(id=f"c{n}", role="solution", source=textwrap.dedent(source), name=f"lab06_outbox, cell {n}", task=f"t{n}")
        for n, source in enumerate(sources, 7)
    ]
    return Program(title="lab06_outbox", cells=tuple(cells))


def play(zygote: Zygote, source: str, *arguments: Any, ports: tuple[int, ...] = (), limit_s: float = 20) -> Result:
    """Load a cell that defines ``f`` and run f(*arguments) to its end."""
    zygote.load(one_cell(source))
    with zygote.start("f", arguments, ports=ports, limit_s=limit_s) as running:
        return running.wait()
