"""Hints and reviews in the terminal read and write what the notebooks do."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from autograder.cli import places
from autograder.cli.app import app
from autograder.notebook import learner as learner_module
from autograder.notebook.answers import Answers, Record, answers_file
from autograder.notebook.bank import Bank, Hints, Option, Page, Quiz

YESTERDAY = datetime.now().astimezone() - timedelta(days=1)

BANK = Bank.of(
    [
        Page(
            name="day06_outbox",
            day=6,
            title="Outbox",
            quizzes=(
                Quiz(
                    id="d06-once",
                    day=6,
                    question="What does an outbox promise?",
                    options=(
                        Option(text="Once.", reply="A relay repeats.", belief="exactly once"),
                        Option(text="At least once.", reply="Repeats are absorbed."),
                    ),
                ),
            ),
            hints=(
                Hints(id="lab06_outbox/relay", task="relay", page="lab06_outbox", rungs=("Look.", "Think.", "Write.")),
            ),
        )
    ]
)


@pytest.fixture(autouse=True)
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(places, "WORK", tmp_path / "work")
    monkeypatch.setattr(learner_module, "bank", lambda: BANK)
    notebook = tmp_path / "work" / "labs" / "lab06_outbox" / "lab06_outbox.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text('{"cells": []}')


def fortnight(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def missed_yesterday() -> None:
    Answers(answers_file()).keep(
        Record(kind="quiz", id="d06-once", at=YESTERDAY, answer="a", right=False, belief="exactly once")
    )


def test_a_hint_asks_once_and_then_opens():
    first, second = fortnight("hint", "6", "relay"), fortnight("hint", "6", "relay")
    assert "run this command again to open the first hint" in first.stdout and "Look." not in first.stdout
    assert "Look." in second.stdout and "Think." not in second.stdout


def test_nothing_is_due_before_anything_was_missed():
    assert fortnight("review").stdout == "Nothing is due today.\n"


def test_a_miss_of_yesterday_is_asked_today():
    missed_yesterday()
    asked = fortnight("review").stdout
    assert "1. (day 6) What does an outbox promise?" in asked and "- b. At least once." in asked
    assert "Answer with --answers" in asked


def test_an_answer_is_replied_to_and_moves_the_question_on():
    missed_yesterday()
    assert "Right. Repeats are absorbed." in fortnight("review", "--answers", "b").stdout
    assert fortnight("review").stdout == "Nothing is due today. In 3 days 1 question comes back.\n"


def test_a_miss_of_today_comes_back_tomorrow():
    missed_yesterday()
    assert "Tomorrow 1 question comes back." in fortnight("review", "--answers", "a").stdout


def test_a_task_without_hints_says_so_and_ends_as_wrong_usage():
    ended = fortnight("hint", "6", "naive")
    assert ended.exit_code == 2 and "There are no hints for" in ended.stderr and "relay" in ended.stderr


def test_letters_that_do_not_match_the_questions_are_refused():
    missed_yesterday()
    ended = fortnight("review", "--answers", "abc")
    assert ended.exit_code == 2 and "1 questions are due" in ended.stderr
