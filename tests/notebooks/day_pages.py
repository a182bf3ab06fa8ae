"""The days' notebooks as tests read them: their cells, and what is left on a machine that ran them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psycopg
from kafka import KafkaConsumer, TopicPartition

from autograder import backends
from autograder.backends.state import ROOT
from shop import TOPIC

__all__ = ["DAYS", "NOTHING", "Left", "code", "is_a_form", "left_behind", "read"]

DAYS = tuple(sorted(page.stem for page in (ROOT / "days").glob("*.ipynb")))
FORMS = {"predict", "quiz", "recall"}


@dataclass(frozen=True)
class Left:
    """What is left on a machine: answers, and what stands in the shop's backends."""

    answers: tuple[str, ...]
    schemas: frozenset[str]
    rows: int
    messages: int


NOTHING = Left(answers=(), schemas=frozenset({"public", "information_schema"}), rows=0, messages=0)


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "days" / f"{name}.ipynb", as_version=4)


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_a_form(cell: nbformat.NotebookNode) -> bool:
    """Is it answered by the reader? On the site a form of the page stands in its place."""
    return cell.metadata.get("fortnight", {}).get("mark") in FORMS


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
