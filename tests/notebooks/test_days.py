"""The days run from top to bottom as a reader gets them: nothing filled in, nothing printed in red, nothing left behind.

The book's build runs every day once; that run is looked at here. What the site answers in the browser is played beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition
from nbclient import NotebookClient

from autograder import backends
from autograder.backends.state import ROOT
from autograder.labs import NAMES, find
from shop import TOPIC
from tests.repository.book_site import site

__all__ = ["site"]

DAYS = tuple(sorted(page.stem for page in (ROOT / "days").glob("*.ipynb")))
ONE_LINE = ("with nullcontext():", "with connection.transaction():")
"""What day 0 asks its reader to change."""
FORMS, FORMS_MIN = {"predict", "quiz", "recall"}, 3


@dataclass(frozen=True)
class Left:
    """What is left on a machine: answers, and what stands in the shop's backends."""

    answers: tuple[str, ...]
    schemas: frozenset[str]
    rows: int
    messages: int


NOTHING = Left(answers=(), schemas=frozenset({"public", "information_schema"}), rows=0, messages=0)


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


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "days" / f"{name}.ipynb", as_version=4)


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_a_form(cell: nbformat.NotebookNode) -> bool:
    """Is it answered by the reader? On the site a form of the page stands in its place."""
    return cell.metadata.get("fortnight", {}).get("mark") in FORMS


def played(machine: Path, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Run every cell in a kernel of its own; an error in a cell is an error here."""
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(machine)}})
    client.execute(env=dict(os.environ))
    return notebook


def printed(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")


def left_behind(state: Path) -> Left:
    answers = state / "learner" / "answers.jsonl"
    kept = [json.loads(line) for line in answers.read_text("utf-8").splitlines()] if answers.exists() else []
    with backends.connect() as lease, psycopg.connect(lease.shop.postgres) as connection:
        schemas = connection.execute("select nspname from pg_namespace where nspname !~ '^pg_'").fetchall()
        tables = ("purchase", "outbox", "relay_position", "inbox", "shipment")
        rows = sum(connection.execute(f"select count(*) from {table}").fetchone()[0] for table in tables)
        messages = messages_in(lease.shop.kafka)
    return Left(
        answers=tuple(row["kind"] for row in kept if row.get("answer")),
        schemas=frozenset(name for (name,) in schemas),
        rows=rows,
        messages=messages,
    )


def messages_in(bootstrap: str) -> int:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    partitions = consumer.partitions_for_topic(TOPIC) or ()
    ends = consumer.end_offsets([TopicPartition(TOPIC, partition) for partition in partitions])
    consumer.close()
    return sum(ends.values())


# ---- the days as the site ran them: every cell but the forms, which stand in the page itself


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


# ---- the forms, in a reader's own notebook


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
