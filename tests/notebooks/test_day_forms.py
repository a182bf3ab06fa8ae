"""The days in a reader's own notebook: forms stop nobody, and what a page asks for, and where a rule points, is there.

Nothing here needs the book's site, so these days are played beside its build and not after it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import backends
from autograder.backends.state import ROOT
from autograder.labs import NAMES, find
from tests.notebooks.day_pages import DAYS, NOTHING, code, is_a_form, left_behind, read

ONE_LINE = ("with nullcontext():", "with connection.transaction():")
"""What day 0 asks its reader to change."""
FORMS_MIN = 3


@pytest.fixture(scope="module")
def machine() -> Iterator[Path]:
    """A fresh reader's machine: a state folder of its own; the name is short, because a socket's path must be."""
    with pytest.MonkeyPatch.context() as patch:
        folder = Path(tempfile.mkdtemp(prefix="days-"))
        patch.setenv("FORTNIGHT_STATE", str(folder / "state"))
        patch.setenv("PYTHONPATH", str(ROOT))
        yield folder
        backends.stop()
        shutil.rmtree(folder)


@pytest.fixture(params=DAYS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def played(machine: Path, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Run every cell in a kernel of its own; an error in a cell is an error here."""
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(machine)}})
    client.execute(env=dict(os.environ))
    return notebook


def printed(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")


def test_what_is_left_blank_stops_nobody_and_is_no_answer(name: str, machine: Path) -> None:
    notebook = read(name)
    first, *others = code(notebook)
    notebook.cells = [first, *filter(is_a_form, others)]
    assert len(notebook.cells) > FORMS_MIN
    for cell in played(machine, notebook).cells:
        assert not [output for output in cell.outputs if output.get("name") == "stderr"], (cell.id, cell.outputs)
    assert left_behind(machine / "state") == NOTHING


@pytest.mark.parametrize("start", [DAYS[0]])
def test_the_first_check_is_green_after_the_one_change_that_day_0_asks_for(start: str, machine: Path) -> None:
    page = (ROOT / "days" / f"{start}.ipynb").read_text("utf-8")
    before, after = ONE_LINE
    assert page.count(before) == 1
    assert "NOT YET" in printed(played(machine, nbformat.reads(page, as_version=4)))
    assert "GREEN" in printed(played(machine, nbformat.reads(page.replace(before, after), as_version=4)))


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_a_lab_names_a_section_of_its_day(name: str) -> None:
    lab = find(name)
    page = nbformat.read(ROOT / "days" / f"{lab.day}.ipynb", as_version=4)
    lines = [line for cell in page.cells if cell.cell_type == "markdown" for line in cell.source.split("\n")]
    headings = [line for line in lines if line.startswith("## ")]
    missing = [rule.read for rule in lab.rules if not any(rule.read in heading for heading in headings)]
    assert not missing, headings
