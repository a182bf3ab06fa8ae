"""A lab's notebook open in a JupyterLab of its own, and what a learner does there."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.chromium import Page

__all__ = ["LabPage", "source_of", "text_of", "wait_for_notebook"]

_PANEL = "window.jupyterapp && [...jupyterapp.shell.widgets('main')].find(w => w.content && w.content.widgets && w.context.path === PATH)"
_LAB_S = 180
_CHECK_S = 120
"""How long a check may take here; machines that run tests are busy."""


def source_of(path: Path, cell: str) -> str:
    """The source of one cell of a notebook file."""
    found = [one["source"] for one in json.loads(path.read_text("utf-8"))["cells"] if one["id"] == cell]
    return "".join(found[0])


def text_of(outputs: list[dict[str, Any]]) -> str:
    """All that a cell shows, as text."""
    return "\n".join("".join(one.get("data", {}).get("text/plain", one.get("text", ""))) for one in outputs)


@dataclass
class LabPage:
    """One open notebook; cells are named by their ids."""

    page: Page

    def goto(self, cell: str) -> None:
        """Scroll to a cell and select it."""
        self.page.eval(f"goto({json.dumps(cell)})")

    def write(self, cell: str, source: str) -> None:
        """Type into a cell, without saving."""
        self.page.eval(f"cell({json.dumps(cell)}).model.sharedModel.setSource({json.dumps(source)})")

    def save(self) -> None:
        """Save the notebook and wait until it is saved."""
        self.page.eval("panel.context.save().then(() => 1)")

    def start(self, cell: str) -> None:
        """Run a cell and do not wait."""
        self.goto(cell)
        self.page.eval("window.ran = null; jupyterapp.commands.execute('notebook:run-cell').then(() => ran = true, () => ran = true); 1")

    def finish(self, cell: str) -> list[dict[str, Any]]:
        """Wait until a cell that was started has ended; its outputs."""
        self.page.wait_for("window.ran", _CHECK_S)
        return self.outputs(cell)

    def run(self, cell: str) -> list[dict[str, Any]]:
        """Run a cell; its outputs."""
        self.start(cell)
        return self.finish(cell)

    def outputs(self, cell: str) -> list[dict[str, Any]]:
        """What the cell shows now."""
        return self.page.eval(f"cell({json.dumps(cell)}).model.outputs.toJSON()")

    def buttons(self, cell: str) -> list[str]:
        """The names of the buttons in a cell's outputs."""
        of = f"cell({json.dumps(cell)}).node.querySelectorAll('.jp-OutputArea button')"
        return self.page.eval(f"[...{of}].map(b => b.getAttribute('aria-label') || b.textContent)")

    def shot(self, name: str) -> None:
        """A picture for whoever wants to look: ``FORTNIGHT_SHOTS`` names the folder."""
        if folder := os.environ.get("FORTNIGHT_SHOTS"):
            self.page.screenshot(Path(folder) / f"{name}.png", whole=False)


def wait_for_notebook(page: Page, path: str) -> LabPage:
    """Wait until the notebook is shown and its kernel listens."""
    panel = _PANEL.replace("PATH", json.dumps(path))
    kernel = "p.sessionContext.session && p.sessionContext.session.kernel.status === 'idle'"
    page.wait_for(f"(() => {{ const p = {panel}; return !!p && p.content.widgets.length > 1 && {kernel}; }})()", _LAB_S)
    page.eval(
        f"""(() => {{
            const panel = window.panel = {panel}, notebook = panel.content;
            jupyterapp.shell.activateById(panel.id);
            window.cell = id => notebook.widgets.find(one => one.model.id === id);
            window.goto = id => {{
                notebook.activeCellIndex = notebook.widgets.findIndex(one => one.model.id === id);
                return notebook.scrollToItem(notebook.activeCellIndex, 'start');
            }};
        }})()"""
    )
    return LabPage(page)
