"""Check cells: one line, the report as its display, the points as its value."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.labs import Lab, UnknownLab, find
from autograder.notebook.asking import asked
from autograder.notebook.attempt import saved_cells
from autograder.notebook.trouble import Trouble, quiet_trouble

__all__ = ["Place", "check", "remember_page", "watch_cells"]

_sources: dict[str, tuple[str, float]] = {}
"""What was run last in each cell of this kernel, by cell id, and when (seconds since 1970, as files have it)."""
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
        _sources[str(info.cell_id)] = (info.raw_cell, time.time())


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
    if "NBGRADER_VALIDATING" in os.environ and not (task and known.task(task).graded):
        return 0  # nbgrader validates the graded cells; what they play need not be played twice
    if task is not None and task not in {one.name for one in known.tasks}:
        names = ", ".join(one.name for one in known.tasks)
        raise Trouble(f"Lab {known.number} has no task {task!r}; its tasks are {names}.")
    path = Path(notebook) if notebook else _notebook(known)
    request = {"do": "check", "lab": known.name, "task": task, "notebook": str(path.absolute()), "unsaved": _unsaved(path)}
    with Place() as place:
        report = asked(request, place.say)["report"]
        place.show(report)
    return int(report["points"])


def _lab(lab: str | None) -> Lab:
    """The lab that is named, else the one that the setup cell named, else the one whose notebook stands here."""
    here = [path.stem for path in Path.cwd().glob("lab*.ipynb")]
    try:
        return find(lab or next(iter([*_pages, *here]), ""))
    except UnknownLab as error:
        raise Trouble(f"{error} Run the setup cell first, or name the lab: check(lab='6').") from None


def _notebook(lab: Lab) -> Path:
    """The notebook that this kernel belongs to, as Jupyter tells, also after it was renamed."""
    session = Path(os.environ.get("JPY_SESSION_NAME", ""))
    here = sorted(Path.cwd().glob("*.ipynb"))
    if session.suffix == ".ipynb":  # the name that the notebook had when the kernel was started
        here = [session] if session.exists() else here
    elif Path.cwd() / f"{lab.name}.ipynb" in here:
        return Path(f"{lab.name}.ipynb")
    found = [path for path in here if path == session or _is_about(lab, path)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(path.name for path in found) or "none of this lab"
    raise Trouble(
        f"Which notebook is this? It was moved or renamed while its kernel was running (in its folder I see: {names}). "
        "Save it, choose Kernel, Shut Down Kernel, and run it again from its setup cell."
    )


def _is_about(lab: Lab, path: Path) -> bool:
    marks = {cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") for cell in saved_cells(path.parent, path.stem)}
    return any(f"solution-{task.name}" in marks for task in lab.tasks)


def _unsaved(path: Path) -> dict[str, str]:
    """The cells that were run after the file was last saved; whatever was run before, the file has it or newer."""
    try:
        saved_at = path.stat().st_mtime
    except OSError:
        saved_at = 0.0  # the judge says what is wrong with the file
    return {cell: source for cell, (source, run_at) in _sources.items() if run_at > saved_at}


class Place:
    """Where a cell that asks the judge shows things: first one line about what the judge is doing, in its place then the report."""

    def __enter__(self) -> Place:
        self._handle = None
        if _shell() is not None:
            from IPython.display import display

            self._handle = display(_bundle("The judge starts"), raw=True, display_id=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._handle is not None:
            self._handle.update({"text/html": "", "text/plain": ""}, raw=True)

    def say(self, line: str) -> None:
        """What the judge is doing."""
        if self._handle is not None and line:
            self._handle.update(_bundle(line), raw=True)

    def clear(self) -> None:
        """Nothing is left to say."""
        if self._handle is not None:
            self._handle.update({"text/html": "", "text/plain": ""}, raw=True)

    def show(self, report: Mapping[str, Any]) -> None:
        """The report, which stays."""
        if self._handle is None:
            print(report["plain"])
        else:
            self._handle.update({"text/html": report["html"], "text/plain": report["plain"]}, raw=True)


def _bundle(line: str) -> dict[str, str]:
    return {"text/html": f"<em>{html.escape(line)} …</em>", "text/plain": f"{line} ..."}
