"""The programs under tests/wrong and tests/right, as hand-ins, and the judge that reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from autograder.backends import Backends
from autograder.grading.judge import judge
from autograder.grading.program import Cell, Program
from autograder.grading.report import report_text
from autograder.grading.verdict import Verdict

__all__ = ["HERE", "golden", "program", "programs", "verdict_on", "wants_new_golden_files"]

HERE = Path(__file__).resolve().parent
LANES = 2

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def programs(folder: Path) -> list[Path]:
    """The programs of one lab, in order."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def program(path: Path) -> Program:
    """A program file as a hand-in of one cell."""
    cell = Cell(id=path.stem, role="solution", source=path.read_text(encoding="utf-8"), name=path.name, task=path.stem)
    return Program(title=path.stem, cells=(cell,))


def verdict_on(path: Path, lab: str, tasks: Sequence[str] | None, postgres: str) -> Verdict:
    """The judge's verdict on a program, on backends of the test's own."""
    backends = Backends(postgres=postgres, redis="", kafka="", world="embedded")
    return judge(lab, program(path), backends=backends, tasks=tasks, lanes=LANES)


def golden(verdict: Verdict) -> str:
    """The report as it is kept: without what depends on the machine, and with random ids named."""
    text = report_text(verdict)
    lines = [line for line in text.splitlines() if line != verdict.protection]
    return _UUID.sub("(a random id)", "\n".join(lines)) + "\n"


def wants_new_golden_files() -> bool:
    """Set FORTNIGHT_WRITE_GOLDEN=1 to write the reports anew; then read the difference."""
    return os.environ.get("FORTNIGHT_WRITE_GOLDEN") == "1"
