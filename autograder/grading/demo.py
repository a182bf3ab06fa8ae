"""Demo: the main job from top to bottom in the terminal. Day 6 is run, a naive hand-in breaks, the reference does not."""

from __future__ import annotations

import ast
import copy
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

from autograder.backends import ROOT, Backends, connect
from autograder.explore.scenario import Played
from autograder.grading.handins import taken
from autograder.grading.judge import judge
from autograder.grading.program import defined_functions
from autograder.grading.report import report_text
from autograder.grading.verdict import Verdict
from autograder.labs import Lab, find, naive

__all__ = ["naive_handin", "run_day", "run_demo"]

LAB = "lab06_outbox"
_CELL_S_MAX = 120
_GRADER_ERROR = 4


def run_demo(progress: Callable[[str], None]) -> int:
    """Run the day, judge both hand-ins, print both reports. 0 when all went as it should, else 4."""
    lab = find(LAB)
    day = ROOT / "days" / f"{lab.day}.ipynb"
    reference = ROOT / "solutions" / lab.name / f"{lab.name}.ipynb"
    with connect(say=progress) as lease, tempfile.TemporaryDirectory(prefix="fortnight-demo-") as folder:
        ran = _show_day(day, progress)
        broken = Path(folder) / "naive" / f"{lab.name}.ipynb"
        broken.parent.mkdir()
        broken.write_text(json.dumps(naive_handin(lab)), "utf-8")
        first = _show("The naive hand-in: it works as long as nothing goes wrong.", lab, broken, lease.backends, progress)
        second = _show("The reference hand-in.", lab, reference, lease.backends, progress)
    return _verdict(ran, first, second)


def _verdict(ran: bool, first: Verdict, second: Verdict) -> int:
    told = any(task.kind == "broken" and task.counterexample is not None for task in first.tasks)
    full = second.kind == "passed" and second.points == second.points_max
    if ran and told and full:
        print("This was the main job. Now it is your turn: ./fortnight start")
        return 0
    checks = {"day 6 did not run to its end": ran, "the naive hand-in was not broken": told}
    wrong = next((what for what, well in checks.items() if not well), "the reference did not get full points")
    print(f"The demo did not go as it should: {wrong}. `./fortnight doctor` says what may be missing.")
    return _GRADER_ERROR


def _show_day(day: Path, progress: Callable[[str], None]) -> bool:
    """Run the day's notebook where it is in the tree; True when every cell ran."""
    if not day.exists():
        print(f"{day.stem} is still to come.\n")
        return True
    progress(f"Running {day.stem}: every cell, on real Postgres and Kafka")
    began = time.monotonic()
    try:
        cells = run_day(day)
    except Exception as error:  # whatever a cell raises is the day's failure, and told as such
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        print(f"{day.stem} stopped at a cell that failed: {last}\n")
        return False
    print(f"Day 6 ran from top to bottom: {cells} cells of code in {time.monotonic() - began:.0f} s.\n")
    return True


def run_day(day: Path) -> int:
    """Run a copy of a day's notebook in a folder that is thrown away; how many cells of code it has. Raises what a cell raises."""
    from nbclient import NotebookClient

    notebook = nbformat.read(day, as_version=4)
    with tempfile.TemporaryDirectory(prefix="fortnight-day-") as folder, _kernel_environment(Path(folder)):
        client = NotebookClient(
            notebook, timeout=_CELL_S_MAX, kernel_name="python3", resources={"metadata": {"path": folder}}
        )
        client.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--log-level=40"]
        client.execute()
    return sum(cell.cell_type == "code" for cell in notebook.cells)


@contextmanager
def _kernel_environment(folder: Path) -> Iterator[None]:
    """The kernel finds the course, keeps no history, and leaves the learner's own answers alone."""
    wanted = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(folder / "matplotlib")),
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def naive_handin(lab: Lab) -> dict[str, Any]:
    """The learner's notebook of a lab with the naive functions and classes in its solution cells; what has none stays unwritten."""
    notebook: dict[str, Any] = json.loads((ROOT / "labs" / lab.name / f"{lab.name}.ipynb").read_text("utf-8"))
    functions = _functions(Path(naive.__file__).with_name(f"{lab.name}.py").read_text("utf-8"))
    filled = copy.deepcopy(notebook)
    for cell in filled["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("solution-"):
            names = [name for name in defined_functions("".join(cell["source"])) if name in functions]
            cell["source"] = "\n\n\n".join(functions[name] for name in names) or cell["source"]
    return filled


def _functions(source: str) -> dict[str, str]:
    tree = ast.parse(source)
    found = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    return {node.name: _with_decorators(source, node) for node in found}


def _with_decorators(source: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def _show(title: str, lab: Lab, notebook: Path, backends: Backends, progress: Callable[[str], None]) -> Verdict:
    progress(f"Judging: {title}")
    program, _ = taken(lab, notebook)

    def told(task: str, done: int, planned: int, broken: Played | None) -> None:
        if done % 10 == 0 or done == planned:
            progress(f"{lab.task(task).title}: run {done} of {planned}")

    verdict = judge(lab.name, program, backends=backends, progress=told)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(f"──── {title}\n\n{report_text(verdict, colour=colour)}")
    return verdict
