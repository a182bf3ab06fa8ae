"""A task with full points is kept as a part for later labs: once, whole, and never taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading import cells
from autograder.grading.parts import keep, own_part, parts_folder, reference_part, said_of, with_own_parts, with_reference_parts
from autograder.grading.program import Cell, Part, Program
from autograder.grading.verdict import TaskVerdict, Verdict
from autograder.labs import find
from autograder.labs.parts import SIGNATURES
from shop import parts

OUTBOX = find("6")
USING = replace(OUTBOX, uses=("lab06_outbox/relay", "lab06_outbox/receive"))
RELAY, RECEIVE = USING.uses


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner's records in a temporary folder."""
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path))


def program(source: str, task: str = "solution-relay") -> Program:
    cell = Cell(id="mine", role="solution", source=source, name="lab06_outbox, cell 9", task=task)
    return Program(title="lab06_outbox", cells=(cell,))


def verdict(**points: int) -> Verdict:
    tasks = [
        TaskVerdict(task=name, kind="passed", points=got, points_max=OUTBOX.task(name).points_max) for name, got in points.items()
    ]
    return Verdict(lab="lab06_outbox", tasks=tuple(tasks))


def test_a_task_with_full_points_is_kept_and_one_with_less_is_not():
    keep(verdict(relay=35, place_order=20), program("def relay(at):\n    return 0"))
    part = own_part(RELAY)
    assert part is not None and part.own and part.cells[0].source.endswith("return 0")
    assert own_part("lab06_outbox/place_order") is None


def test_a_later_worse_attempt_leaves_the_part_as_it_is_and_a_later_good_one_replaces_it():
    keep(verdict(relay=35), program("def relay(at):\n    return 1"))
    first = own_part(RELAY)
    keep(verdict(relay=34), program("def relay(at):\n    return 2"))
    assert own_part(RELAY) == first
    keep(verdict(relay=35), program("def relay(at):\n    return 3"))
    again = own_part(RELAY)
    assert first and again and again.sha256 != first.sha256


@pytest.mark.parametrize("damage", ["", "{}", "[]", "no JSON", '{"cells": [{"id": 1}], "sha256": ""}'])
def test_a_part_that_cannot_be_read_whole_is_the_references(damage: str):
    keep(verdict(relay=35), program("def relay(at):\n    return 1"))
    (parts_folder() / "lab06_outbox" / "relay.json").write_text(damage)
    assert own_part(RELAY) is None
    assert not with_own_parts(USING, program("")).parts[0].own


def test_a_part_that_somebody_changed_is_the_references():
    keep(verdict(relay=35), program("def relay(at):\n    return 1"))
    path = parts_folder() / "lab06_outbox" / "relay.json"
    kept = json.loads(path.read_text())
    kept["cells"][0]["source"] = "def relay(at):\n    return 100"
    path.write_text(json.dumps(kept))
    assert own_part(RELAY) is None


def test_what_cannot_be_kept_is_said_and_costs_nothing_else(tmp_path: Path):
    (tmp_path / "learner").write_text("a file where the folder should be")
    [said] = keep(verdict(relay=35), program("def relay(at):\n    return 1"))
    assert said.startswith("Your finished tasks were not kept for later labs:")


def test_the_report_says_whose_parts_were_used():
    keep(verdict(relay=35), program("def relay(at):\n    return 1"))
    assert said_of(with_own_parts(USING, program(""))) == (
        "Parts of earlier labs: relay (lab 6) as you wrote it; receive (lab 6) from the reference.",
    )
    assert said_of(program("")) == ()


def test_a_hand_in_is_judged_with_the_references_parts_whatever_the_learner_has():
    keep(verdict(relay=35), program("def relay(at):\n    return 1"))
    assert with_reference_parts(USING, program("")).parts == (reference_part(RELAY), reference_part(RECEIVE))


def test_a_program_that_comes_with_parts_keeps_them():
    keep(verdict(relay=35), program("def relay(at):\n    return 1"))
    mine = with_own_parts(USING, program(""))
    assert with_reference_parts(USING, mine) is mine


def part(function: str, source: str) -> Part:
    cell = Cell(id="one", role="solution", source=source, name=f"{function}'s cell")
    return Part(lab="lab06_outbox", task=function, function=function, cells=(cell,), own=True)


def test_each_lab_has_names_of_its_own_and_the_program_imports_what_it_names():
    told = {
        one.function: [{"name": cell.name, "source": cell.source} for cell in one.cells]
        for one in (
            part("relay", "def helper():\n    return 6\n\ndef relay(at):\n    return helper()"),
            part("charge", "def helper():\n    return 2\n\ndef charge(at):\n    return helper()"),
        )
    }
    source = "from shop.parts import charge, relay\n\ndef helper():\n    return 7\n\ndef all(at):\n    return [charge(at), relay(at), helper()]"
    compiled = cells.compile_program([{"name": "cell 1", "source": source}], told)
    names, broken = cells.execute(compiled)
    assert broken == [] and names["all"](None) == [2, 6, 7]
    with pytest.raises(ImportError, match="No part of the shop is called 'refund' here; there are charge, relay"):
        from shop.parts import refund  # noqa: F401
    parts.fill({})


def test_every_part_with_a_frozen_signature_can_be_had_from_the_reference():
    for name in SIGNATURES:
        found = reference_part(name)
        assert not found.own and Program(title="all", cells=found.cells).is_attempted(found.function)
