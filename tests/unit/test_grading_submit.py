"""Submit takes the file on disk, gives a receipt, and never loses an earlier hand-in."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.backends import BackendError
from autograder.grading.course import Course, write_whole
from autograder.grading.notebook_file import Rejected
from autograder.grading.receipt import hand_in, handins_folder, learner_name
from tests.unit.handin_notebooks import LAB, NAME, answered, cell, fresh, put, reference

NOON = datetime(2025, 11, 3, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course and a learner's records in a temporary folder."""
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path / "state"))
    return Course(root=tmp_path / "clone")


def records() -> list[dict[str, object]]:
    return [json.loads(line) for line in (handins_folder() / "handins.jsonl").read_text().splitlines()]


def test_the_receipt_names_hash_time_place_and_what_is_missing(course, tmp_path):
    notebook = put(answered(receive="def receive(at, event):\n    print(event)"), tmp_path / f"{NAME}.ipynb")
    receipt = hand_in(LAB, notebook, learner="Ada Lovelace", course=course, now=NOON)
    assert receipt.sha256 == hashlib.sha256(notebook.read_bytes()).hexdigest()
    assert receipt.text.splitlines() == [
        "Handed in: lab 6, No order without its message, by Ada-Lovelace.",
        "  time     2025-11-03 12:00:00 UTC",
        f"  sha256   {receipt.sha256}",
        f"  kept as  {course.submission('Ada-Lovelace', NAME)}",
        "  missing  place_order is not written yet.",
        "  missing  relay is not written yet.",
        "  missing  clean_up is not written yet (stretch).",
        "  missing  relay_alone is not written yet (stretch).",
        "The last valid hand-in counts.",
    ]


def test_nothing_is_missing_from_the_reference(course, tmp_path):
    receipt = hand_in(LAB, put(reference(), tmp_path / "mine.ipynb"), learner="ada", course=course, now=NOON)
    assert receipt.missing == ()
    assert receipt.text.endswith("Nothing is missing.")


def test_it_lies_in_nbgraders_layout_byte_for_byte_with_its_time(course, tmp_path):
    notebook = put(reference(), tmp_path / "mine.ipynb")
    hand_in(LAB, notebook, learner="ada", course=course, now=NOON)
    folder = course.submitted / "ada" / NAME
    assert (folder / f"{NAME}.ipynb").read_bytes() == notebook.read_bytes()
    assert (folder / "timestamp.txt").read_text() == "2025-11-03 12:00:00 UTC\n"


def test_a_cell_that_cannot_be_judged_is_named_in_the_receipt(course, tmp_path):
    broken = answered(relay="def relay(at:\n    return 0")
    receipt = hand_in(LAB, put(broken, tmp_path / "mine.ipynb"), learner="ada", course=course)
    assert any("lab06_outbox, cell" in sentence and "line 1" in sentence for sentence in receipt.missing)


def test_a_deleted_cell_is_named_in_the_receipt(course, tmp_path):
    notebook = reference()
    notebook["cells"].remove(cell(notebook, "solution-relay"))
    receipt = hand_in(LAB, put(notebook, tmp_path / "mine.ipynb"), learner="ada", course=course)
    assert receipt.missing == ("The cell of task solution-relay is not in the notebook; copy it from a fresh lab06_outbox.",)


def test_every_hand_in_is_kept_and_the_last_one_counts(course, tmp_path):
    for number in range(3):
        notebook = put(answered(relay=f"def relay(at):\n    return {number}"), tmp_path / "mine.ipynb")
        hand_in(LAB, notebook, learner="ada", course=course, now=NOON)
    assert len(list(handins_folder().glob("*.ipynb"))) == 3
    assert course.submission("ada", NAME).read_bytes() == notebook.read_bytes()


def test_an_invalid_hand_in_is_recorded_as_rejected_and_changes_nothing(course, tmp_path):
    good = put(reference(), tmp_path / "good.ipynb")
    hand_in(LAB, good, learner="ada", course=course, now=NOON)
    with pytest.raises(Rejected, match="is not a complete notebook .* This hand-in was not taken; the one before it"):
        hand_in(LAB, put("{", tmp_path / "bad.ipynb"), learner="ada", course=course, now=NOON)
    assert course.submission("ada", NAME).read_bytes() == good.read_bytes()
    assert [row["state"] for row in records()] == ["valid", "rejected"]


def test_a_full_disk_is_one_sentence_and_the_hand_in_before_stays(tmp_path):
    target = put(b"the one before", tmp_path / "kept.ipynb")
    (tmp_path / f".kept.ipynb.{os.getpid()}").symlink_to("/dev/full")
    with pytest.raises(BackendError, match=r"kept.ipynb could not be written \(No space left on device\), so nothing was changed"):
        write_whole(target, b"x" * 100_000)
    assert target.read_bytes() == b"the one before"


def test_a_name_without_a_letter_is_refused(course, tmp_path):
    with pytest.raises(Rejected, match="is no name for a learner"):
        hand_in(LAB, put(fresh(), tmp_path / "mine.ipynb"), learner="///", course=course)


def test_without_a_name_git_is_asked(monkeypatch, tmp_path):
    (tmp_path / ".gitconfig").write_text("[user]\n  name = Bao Nguyen\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / ".gitconfig"))
    monkeypatch.chdir(tmp_path)
    assert learner_name() == "Bao-Nguyen"
