"""The Validate button of JupyterLab: nbgrader's dialog, our judge, and a server that goes on serving meanwhile.

nbgrader's own handler runs the notebook inside the Jupyter server, which stands still for every other tab until it has
finished, ends a cell after thirty seconds, and says "Partial credit" where the judge has a reason. This one asks the
judge, as the whole-lab cell does, and answers in the words that nbgrader's dialog reads.
"""

from __future__ import annotations

import asyncio
import html
import json
import threading
from pathlib import Path
from typing import Any

import nbformat
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.validate_assignment.handlers import NbGraderVersionHandler
from nbgrader.validator import Validator
from tornado import web

from autograder.backends import BackendError, run_job
from autograder.labs import NAMES, UnknownLab, find

__all__ = ["load_jupyter_server_extension", "validate"]


def validate(path: Path, left: threading.Event) -> dict[str, Any]:
    """What nbgrader's dialog shows of a notebook: ``success`` and ``value``. Stops judging once ``left`` is set."""
    try:
        return {"success": True, "value": _changed(path) or _failed(_report(path, left))}
    except (UnknownLab, BackendError, OSError, ValueError) as error:
        return {"success": False, "value": str(error.args[0] if error.args else error)}


def _changed(path: Path) -> dict[str, Any]:
    """Cells that were given and no longer look as they were given; nbgrader knows them by their checksums."""
    notebook, known = nbformat.read(path, as_version=4), Validator()
    if cells := known._get_type_changed_cells(notebook):
        kinds = [(cell.source.strip(), cell.cell_type, cell.metadata.nbgrader.cell_type) for cell in cells]
        return {"type_changed": [{"source": text, "old_type": old, "new_type": new} for text, old, new in kinds]}
    cells = known._get_changed_cells(notebook)
    return {"changed": [{"source": cell.source.strip()} for cell in cells]} if cells else {}


def _report(path: Path, left: threading.Event) -> dict[str, Any]:
    lab = find(next((name for name in (path.stem, path.parent.name) if name in NAMES), path.stem))
    request = {"do": "check", "lab": lab.name, "task": None, "notebook": str(path)}
    for row in run_job("autograder.grading.service", request):
        if left.is_set():
            break
        if "error" in row:
            raise BackendError(str(row["error"]))
        if "result" in row:
            return dict(row["result"]["report"])
    raise BackendError("The validation was stopped.")


def _failed(report: dict[str, Any]) -> dict[str, Any]:
    """The check cells that have not earned their points, each with its part of the report."""
    parts = zip(report["summary"]["tasks"].items(), report["plain"].split("\n\n"), strict=False)
    failed = [_failure(name, text) for (name, task), text in parts if task["points"] < task["points_max"]]
    return {"failed": failed} if failed else {}


def _failure(task: str, text: str) -> dict[str, str]:
    return {"source": f'check("{task}")', "error": html.escape(text), "raw_error": text}


class ValidateHandler(JupyterHandler):
    """Judges the notebook that the dialog asks about, in a thread, so that the server goes on serving."""

    @web.authenticated
    async def post(self) -> None:
        """Answer with what :func:`validate` says."""
        root = Path(self.settings["server_root_dir"]).expanduser().resolve()
        path = (root / self.get_argument("path")).resolve()
        if not path.is_relative_to(root):
            raise web.HTTPError(403, "The notebook lies outside the folder that this server serves.")
        self._left = threading.Event()
        self.finish(json.dumps(await asyncio.to_thread(validate, path, self._left)))

    def on_connection_close(self) -> None:
        """The page was left: nobody waits for the verdict."""
        self._left.set()


def load_jupyter_server_extension(server: Any) -> None:
    """Take the place of ``nbgrader.server_extensions.validate_assignment``."""
    base = server.web_app.settings["base_url"]
    handlers = [("assignments/validate", ValidateHandler), ("nbgrader_version", NbGraderVersionHandler)]
    server.web_app.add_handlers(".*$", [(url_path_join(base, place), handler) for place, handler in handlers])


_load_jupyter_server_extension = load_jupyter_server_extension
