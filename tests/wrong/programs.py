"""The programs under tests/wrong and tests/right, as hand-ins, and the judge that reads them."""

from __future__ import annotations

import ast
import functools
import os
import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from autograder.backends import Backends
from autograder.backends.state import ROOT
from autograder.grading.handins import solution_ids
from autograder.grading.judge import judge
from autograder.grading.lanes import close_lanes, workers
from autograder.grading.program import Cell, Program
from autograder.grading.report import report_text
from autograder.grading.submission import read_program
from autograder.grading.verdict import TaskVerdict, Verdict
from autograder.labs import Lab

__all__ = [
    "HERE", "RACING", "end_hunts", "golden", "hunters", "is_solved_notebook", "needs_backends", "program", "programs", "verdict_on",
    "wants_new_golden_files",
]  # fmt: skip

HERE = Path(__file__).resolve().parent
LANES = 2
"""For whole sweeps."""
LANES_OF_A_HUNT = 1
"""More would begin, while one plays a story, further ones that are then not asked for."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_POSITION = re.compile(r"\b[0-9A-F]+/[0-9A-F]{5,8}\b")
"""In the write-ahead log."""


def programs(folder: Path) -> list[Path]:
    """The programs of one lab, in order."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def program(path: Path) -> Program:
    """A program file as a hand-in of one cell."""
    cell = Cell(id=path.stem, role="solution", source=path.read_text(encoding="utf-8"), name=path.name, task=path.stem)
    return Program(title=path.stem, cells=(cell,))


def is_solved_notebook(path: Path, lab: Lab) -> bool:
    """Does a program say, word for word, what the lab's solved notebook says? Comments and docstrings aside."""
    notebook = ROOT / "solutions" / lab.name / f"{lab.name}.ipynb"
    solved = _statements(read_program(notebook, lab=lab.name, tasks=solution_ids(lab)))
    return _statements(program(path)) <= solved


def _statements(whole: Program) -> set[str]:
    """All that stands at the top of its cells, imports aside."""
    found = [node for cell in whole.cells for node in ast.parse(cell.source).body]
    for node in (inner for outer in found for inner in ast.walk(outer)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            del node.body[0]
    silent = (ast.Import, ast.ImportFrom, ast.Expr)
    return {ast.dump(node) for node in found if not isinstance(node, silent)}


def needs_backends(lab: Lab) -> bool:
    """Is any of its stories played on real backends?"""
    return "backends" in lab.engines


def verdict_on(
    path: Path, lab: str, tasks: Sequence[str] | None, postgres: str | None, *, until: str = ""
) -> Verdict:
    """The judge's verdict on a program, on backends of the test's own (none for a lab in virtual time).

    With the name of a mistake, a task's stories are played ``until`` it has shown; all such hunts share one worker, whose
    lane the next program finds open.
    """
    backends = Backends(postgres=postgres, redis="", kafka="", world="embedded") if postgres else None
    if not until:
        return judge(lab, program(path), backends=backends, tasks=tasks, lanes=LANES)
    return judge(
        lab, program(path), backends=backends, tasks=tasks, lanes=LANES_OF_A_HUNT,
        enough=lambda task: _shows(task, until), executor=hunters(),
    )  # fmt: skip


@functools.cache
def hunters() -> ProcessPoolExecutor:
    """The worker of all hunts of this process."""
    return workers(LANES_OF_A_HUNT)


def end_hunts() -> None:
    """Let go of the lanes, while the servers are still there; the next hunt opens its own."""
    if hunters.cache_info().currsize:
        hunters().submit(close_lanes).result()


def _shows(task: TaskVerdict, mistake: str) -> bool:
    return task.mistake is not None and task.mistake.name == mistake


RACING = {
    "connects_for_each_request", "does_not_wait_for_the_ack", "leaks_a_connection", "lets_the_client_commit", "pays_before_it_writes", "reads_then_takes",
    "reads_then_writes", "sleeps_in_the_worker", "takes_a_lost_race_for_a_no", "takes_two_at_once",
}  # fmt: skip
"""Programs whose own threads race, whose client acts by the clock, or that ask Redis what time it is: each run differs.

Rule, run and reason are the same in every repetition; story and numbers are not, and are not kept.
"""
UNDER_LOAD = {"reads_then_takes", "sleeps_in_the_worker"}
"""Of those, programs that a sale under load finds: how many units too many were sold, or how fast, differs too."""
_BLOCK = re.compile(r"    (\w+) ")


def golden(verdict: Verdict, name: str) -> str:
    """The report as it is kept: without what depends on the machine, and with random ids named."""
    lines = report_text(replace(verdict, protection="")).splitlines()
    if name in RACING:
        lines = _without_blocks(lines, {"story", "tried", *({"so"} if name in UNDER_LOAD else ())})
    return _POSITION.sub("(a position)", _UUID.sub("(a random id)", "\n".join(lines))) + "\n"


def _without_blocks(lines: list[str], left_out: set[str]) -> list[str]:
    kept, block = [], ""
    for line in lines:
        begins = _BLOCK.match(line)
        block = begins[1] if begins else block if line.startswith("    ") else ""
        if block not in left_out:
            kept.append(line)
    return kept


def wants_new_golden_files() -> bool:
    """Set FORTNIGHT_WRITE_GOLDEN=1 to write the reports anew; then read the difference."""
    return os.environ.get("FORTNIGHT_WRITE_GOLDEN") == "1"
