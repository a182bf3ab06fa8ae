"""Check cells: one line, the report as its display, the points as its value."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autograder.backends import BackendError, run_job
from autograder.labs import Lab, UnknownLab, find
from autograder.notebook.trouble import Trouble, quiet_trouble

__all__ = ["check", "remember_page", "watch_cells"]

_sources: dict[str, str] = {}
"""What was run last in each cell of this kernel, by cell id."""
_pages: list[str] = []
"""The name of this kernel's notebook, once its setup cell has said it."""


def remember_page(page: str) -> None:
    """Which lab this kernel's check cells speak of."""
    _pages[:] = [page]


def watch_cells() -> None:
    """Remember the source of every cell that is run, so that an unsaved cell is judged as it was run."""
    shell = _shell()
    if shell is not None and not getattr(shell, "_fortnight_watches", False):
        shell._fortnight_watches = True
        shell.events.register("pre_run_cell", _remember)


def _remember(info: Any) -> None:
    if getattr(info, "cell_id", None) and info.raw_cell:
        _sources[str(info.cell_id)] = info.raw_cell


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


@quiet_trouble
def check(task: str | None = None, *, lab: str | None = None, notebook: str | Path | None = None) -> int:
    """Judge one task, or without a name the whole lab; shows the report and returns the points.

    What is judged is the notebook on disk; a cell that you have run and not saved takes precedence.
    """
    known = _lab(lab)
    if task is not None and task not in {one.name for one in known.tasks}:
        names = ", ".join(one.name for one in known.tasks)
        raise Trouble(f"Lab {known.number} has no task {task!r}; its tasks are {names}.")
    path = Path(notebook) if notebook else _notebook(known.name)
    request = {"do": "check", "lab": known.name, "task": task, "notebook": str(path.absolute()), "unsaved": dict(_sources)}
    report = _judged(request, _line())
    _show(report)
    return int(report["points"])


def _lab(lab: str | None) -> Lab:
    """The lab that is named, else the one that the setup cell named, else the one whose notebook stands here."""
    here = [path.stem for path in Path.cwd().glob("lab*.ipynb")]
    try:
        return find(lab or next(iter([*_pages, *here]), ""))
    except UnknownLab as error:
        raise Trouble(f"{error} Run the setup cell first, or name the lab: check(lab='6').") from None


def _notebook(name: str) -> Path:
    """The notebook that this kernel belongs to, as Jupyter tells; else the lab's own name in the current folder."""
    session = os.environ.get("JPY_SESSION_NAME", "")
    if session.endswith(".ipynb") and Path(session).exists():
        return Path(session)
    return Path(f"{name}.ipynb")


def _judged(request: Mapping[str, Any], line: Callable[[str], None]) -> Mapping[str, Any]:
    for row in run_job("autograder.grading.service", request):
        if "error" in row:
            line("")
            raise Trouble(row["error"])
        if "progress" in row:
            line(row["progress"])
        if "result" in row:
            line("")
            return dict(row["result"]["report"])
    raise BackendError("The judge ended without an answer: run the cell again.")


def _line() -> Callable[[str], None]:
    """One line that shows what the judge is doing, and is empty when it has finished."""
    if _shell() is None:
        return lambda text: None
    from IPython.display import HTML, display

    handle = display(HTML("<em>The judge starts …</em>"), display_id=True)
    return lambda text: handle.update(HTML(f"<em>{html.escape(text)} …</em>" if text else "")) if handle else None


def _show(report: Mapping[str, Any]) -> None:
    if _shell() is None:
        print(report["plain"])
        return
    from IPython.display import display

    display({"text/html": report["html"], "text/plain": report["plain"]}, raw=True)
