"""The days run from top to bottom as a reader gets them: nothing filled in, nothing printed in red, nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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

DAYS = tuple(sorted(page.stem for page in (ROOT / "days").glob("*.ipynb")))
ONE_LINE = ("with nullcontext():", "with connection.transaction():")
"""What day 0 asks its reader to change."""


@dataclass(frozen=True)
class Played:
    """A day after its last cell: its cells, and what its reader's machine looks like."""

    cells: tuple[nbformat.NotebookNode, ...]
    answers: tuple[str, ...]
    schemas: frozenset[str]
    rows: int
    messages: int

    def code(self) -> list[nbformat.NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "code"]

    def printed(self) -> str:
        outputs = [output for cell in self.code() for output in cell.outputs]
        return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")


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


@pytest.fixture(scope="module", params=DAYS)
def day(request: pytest.FixtureRequest, machine: Path) -> Played:
    return play(machine, request.param)


@cache
def play(machine: Path, name: str, change: tuple[str, str] | None = None) -> Played:
    """Run every cell of a day in a kernel of its own; an error in a cell is an error here."""
    page = (ROOT / "days" / f"{name}.ipynb").read_text("utf-8")
    if change is not None:
        assert page.count(change[0]) == 1, change
        page = page.replace(*change)
    notebook = nbformat.reads(page, as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(machine)}})
    client.execute(env=dict(os.environ))
    return look_around(machine, notebook)


def look_around(machine: Path, notebook: nbformat.NotebookNode) -> Played:
    answers = machine / "state" / "learner" / "answers.jsonl"
    kept = [json.loads(line) for line in answers.read_text("utf-8").splitlines()] if answers.exists() else []
    with backends.connect() as lease, psycopg.connect(lease.shop.postgres) as connection:
        schemas = connection.execute("select nspname from pg_namespace where nspname !~ '^pg_'").fetchall()
        tables = ("purchase", "outbox", "relay_position", "inbox", "shipment")
        rows = sum(connection.execute(f"select count(*) from {table}").fetchone()[0] for table in tables)
        messages = messages_in(lease.shop.kafka)
    return Played(
        cells=tuple(notebook.cells),
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


def test_every_cell_is_run_and_nothing_is_printed_in_red(day: Played) -> None:
    for cell in day.code():
        assert cell.execution_count, cell.id
        assert not [output for output in cell.outputs if output.get("name") == "stderr"], (cell.id, cell.outputs)


def test_every_diagram_cell_shows_a_picture_with_its_text(day: Played) -> None:
    pictured = [cell for cell in day.code() if cell.metadata.get("fortnight", {}).get("mark") == "diagram"]
    assert pictured
    for cell in pictured:
        shown = "".join("".join(output.get("data", {}).get("text/html", "")) for output in cell.outputs)
        assert "<img alt=" in shown and "Read this run as text" in shown, cell.id


def test_a_day_leaves_no_answer_no_schema_no_row_and_no_message_behind(day: Played) -> None:
    assert (day.answers, day.schemas, day.rows, day.messages) == ((), {"public", "information_schema"}, 0, 0)


@pytest.mark.parametrize("start", [DAYS[0]])
def test_the_first_check_is_green_after_the_one_change_that_day_0_asks_for(start: str, machine: Path) -> None:
    assert "NOT YET" in play(machine, start).printed()
    assert "GREEN" in play(machine, start, ONE_LINE).printed()


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_a_lab_names_a_section_of_its_day(name: str) -> None:
    lab = find(name)
    page = nbformat.read(ROOT / "days" / f"{lab.day}.ipynb", as_version=4)
    lines = [line for cell in page.cells if cell.cell_type == "markdown" for line in cell.source.split("\n")]
    headings = [line for line in lines if line.startswith("## ")]
    missing = [rule.read for rule in lab.rules if not any(rule.read in heading for heading in headings)]
    assert not missing, headings
