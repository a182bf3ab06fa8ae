"""The days run from top to bottom as a reader gets them: nothing filled in, nothing printed in red, nothing left behind.

The book's build runs every day once; that run is looked at here. What the site answers in the browser is played beside it.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from autograder import backends
from autograder.backends.state import ROOT
from tests.notebooks.day_pages import DAYS, NOTHING, code, is_a_form, left_behind, read
from tests.repository.book_site import site

__all__ = ["site"]


@pytest.fixture(params=DAYS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def cells_on_the_site(name: str, site: Path) -> list[nbformat.NotebookNode]:
    page = nbformat.read(site.parent / "jupyter_execute" / "days" / f"{name}.ipynb", as_version=4)
    ran = {cell.id: {"outputs": cell.outputs, "execution_count": cell.execution_count} for cell in code(page)}
    return [nbformat.NotebookNode(cell | ran[cell.id]) for cell in code(read(name)) if not is_a_form(cell)]


def test_every_cell_is_run_and_nothing_is_printed_in_red(cells_on_the_site: list[nbformat.NotebookNode]) -> None:
    assert cells_on_the_site
    for cell in cells_on_the_site:
        assert cell.execution_count, cell.id
        assert not [output for output in cell.outputs if output.get("name") == "stderr"], (cell.id, cell.outputs)


def test_every_diagram_cell_shows_a_picture_with_its_text(cells_on_the_site: list[nbformat.NotebookNode]) -> None:
    pictured = [cell for cell in cells_on_the_site if cell.metadata.get("fortnight", {}).get("mark") == "diagram"]
    assert pictured
    for cell in pictured:
        shown = "".join("".join(output.get("data", {}).get("text/html", "")) for output in cell.outputs)
        assert "<img alt=" in shown and "Read this run as text" in shown, cell.id


def test_the_days_leave_no_schema_no_row_and_no_message_behind(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = ROOT / "book" / "_build" / "state"  # of the kernels that ran the days and the labs' first looks
    monkeypatch.setenv("FORTNIGHT_STATE", str(state))
    try:
        assert left_behind(state) == NOTHING
    finally:
        backends.stop()
