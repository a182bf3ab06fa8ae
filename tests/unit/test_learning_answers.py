"""Answers are kept on disk, one line at a time, whatever happens to the process."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from autograder.notebook.answers import Answers, Record, answers_file

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=5)))


def record(number: int = 1, **more: object) -> Record:
    return Record(kind="quiz", id=f"d06-{number}", at=NOW, **{"answer": "a", "right": True, **more})  # type: ignore[arg-type]


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers(tmp_path / "learner" / "answers.jsonl")


def test_what_was_kept_is_read_back(answers: Answers) -> None:
    kept = [record(1, belief="outbox = exactly once", right=False), record(2, answer='Ада\n"и" Бао', items=("a", "b"))]
    assert [answers.keep(one) for one in kept] == ["", ""]
    assert list(answers.records()) == kept
    assert answers.file.read_text().count("\n") == 2


def test_the_first_answer_is_the_first_one_kept(answers: Answers) -> None:
    for letter in "bca":
        answers.keep(record(answer=letter))
    first = answers.first("quiz", "d06-1")
    assert first and first.answer == "b"
    assert answers.first("predict", "d06-1") is None


def test_no_answers_yet_is_no_error(answers: Answers) -> None:
    assert answers.records() == ()


def test_a_torn_line_costs_itself_only(answers: Answers) -> None:
    answers.keep(record(1))
    with answers.file.open("ab") as file:
        file.write(record(2).to_line()[:20])
    answers.keep(record(3))
    assert [one.id for one in answers.records()] == ["d06-1", "d06-3"]


@pytest.mark.parametrize(
    "line", ["", "null", "7", "[]", '{"at": 1}', '{"kind": "quiz"}', '{"at": "x", "id": "y"}', "\ufffd"]
)
def test_lines_that_are_no_records_are_skipped(answers: Answers, line: str) -> None:
    answers.keep(record(1))
    answers.file.write_text(answers.file.read_text() + line + "\n")
    assert [one.id for one in answers.records()] == ["d06-1"]


def test_a_record_of_a_later_version_is_read_without_what_we_do_not_know(answers: Answers) -> None:
    answers.keep(record(1))
    answers.file.write_text(answers.file.read_text().replace('"kind"', '"mood": "glad", "kind"'))
    assert answers.records() == (record(1),)


def keep_many(file: Path, start: int, count: int) -> None:
    for number in range(start, start + count):
        Answers(file).keep(record(number, answer="x" * 500))


def test_notebooks_that_write_at_the_same_time_lose_nothing(answers: Answers) -> None:
    fork = multiprocessing.get_context("spawn")
    writers = [fork.Process(target=keep_many, args=(answers.file, start, 50)) for start in (0, 50, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert {one.id for one in answers.records()} == {f"d06-{number}" for number in range(150)}


def keep_then_die(file: Path) -> None:
    Answers(file).keep(record(1))
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_answer_that_was_shown_survives_kill_9(answers: Answers) -> None:
    process = multiprocessing.get_context("spawn").Process(target=keep_then_die, args=(answers.file,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert [one.id for one in answers.records()] == ["d06-1"]


def test_a_disk_that_refuses_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "learner").write_text("a file where the folder should be")
    assert "cannot be written" in Answers(tmp_path / "learner" / "answers.jsonl").keep(record())


def test_answers_stand_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path))
    assert answers_file() == tmp_path / "learner" / "answers.jsonl"
