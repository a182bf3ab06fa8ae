"""What the cells of a notebook show: predictions, quizzes, recall, hints and written answers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import autograder.notebook as cells
from autograder.notebook.answers import Answers
from autograder.notebook.bank import Bank, Hints, Option, Page, Prediction, Quiz, Written
from autograder.notebook.hint import hint_card, hints_for
from autograder.notebook.learner import Learner
from autograder.notebook.predict import outcome_card, predict_card
from autograder.notebook.quiz import quiz_card
from autograder.notebook.recall import recall_card
from autograder.notebook.written import written_card

STUB = "def relay(at):\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def quiz(id: str, day: int) -> Quiz:
    wrong = Option(text="Once.", reply="Nothing joins the commits. It may be two.", belief="outbox = exactly once")
    right = Option(text="Twice.", reply="The row is unpublished. It is sent again.")
    return Quiz(id=id, day=day, question=f"What arrives ({id})?", options=(wrong, right))


HINTS = Hints(id="lab06_outbox/relay", task="relay", page="lab06_outbox", rungs=("look there", "this idea", "skeleton"))
BANK = Bank.of(
    [
        Page(name="day05", day=5, title="Kafka", quizzes=tuple(quiz(f"d05-{number}", 5) for number in range(6))),
        Page(
            name="day06_outbox",
            day=6,
            title="Outbox",
            quizzes=(quiz("d06-once", 6),),
            predictions=(
                Prediction(id="d06-free", day=6, question="What?"),
                Prediction(id="d06-count", day=6, question="How many?", choices=("`one`", "two")),
            ),
            hints=(HINTS,),
            written=(
                Written(id="d06-why", page="day06_outbox", question="Why?", rubric="- names it", answer="Because."),
            ),
        ),
    ]
)


@pytest.fixture
def ada(tmp_path: Path) -> Learner:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)
    return Learner(bank=BANK, answers=Answers(tmp_path / "answers.jsonl"), now=now, folder=tmp_path)


def save(of: Learner, page: str, id: str, source: str, **mark: str) -> None:
    cell = {
        "cell_type": "code",
        "metadata": {"fortnight": {"id": id, **mark}},
        "source": source.splitlines(keepends=True),
    }
    (of.folder / f"{page}.ipynb").write_text(json.dumps({"cells": [cell]}))


# Predictions


def test_a_blank_prediction_is_allowed_and_keeps_nothing(ada: Learner) -> None:
    assert "Type your prediction" in repr(predict_card(ada, "d06-free", ""))
    assert "You left no prediction" in repr(outcome_card(ada, "d06-free", 2))
    assert ada.answers.records() == ()


def test_the_first_prediction_counts_and_stands_beside_the_outcome(ada: Learner) -> None:
    assert repr(predict_card(ada, "d06-free", "two *of* them")) == "Kept: two *of* them. Now run the next cell."
    assert "You predicted: two *of* them. The first answer counts." in repr(predict_card(ada, "d06-free", "one"))
    shown = repr(outcome_card(ada, "d06-free", "one"))
    assert "| two *of* them | one |" in shown and "Do the two agree?" in shown


def test_a_prediction_with_choices_is_compared(ada: Learner) -> None:
    assert "'c' is not one of the choices; they are a, b." in repr(predict_card(ada, "d06-count", "c"))
    predict_card(ada, "d06-count", "A")
    assert "As you predicted." in repr(outcome_card(ada, "d06-count", "one"))
    assert "Not as you predicted." in repr(outcome_card(ada, "d06-count", "two"))
    assert [record.right for record in ada.answers.of("outcome", "d06-count")] == [True]


def test_an_outcome_may_be_any_value_and_never_becomes_a_tag(ada: Learner) -> None:
    predict_card(ada, "d06-free", "<b>x</b> | y")
    html = outcome_card(ada, "d06-free", ["<script>", None])._repr_html_()
    assert "<script>" not in html and "<b>" not in html
    assert '<div class="fortnight-card" role="note" data-outcome="d06-free">' in html and html.count("<td>") == 2


# Quizzes


def test_a_wrong_answer_is_kept_with_its_belief_and_gets_its_reply(ada: Learner) -> None:
    assert "Type a letter (a or b)" in repr(quiz_card(ada, "d06-once", ""))
    assert repr(quiz_card(ada, "d06-once", "A)")) == "Not so. Nothing joins the commits. It may be two."
    [record] = ada.answers.records()
    assert (record.answer, record.right, record.belief) == ("a", False, "outbox = exactly once")


def test_another_letter_gets_its_reply_but_the_first_answer_counts(ada: Learner) -> None:
    quiz_card(ada, "d06-once", "a")
    shown = repr(quiz_card(ada, "d06-once", "b"))
    assert shown.startswith("Right. The row is unpublished.") and shown.endswith("Your first answer counts: a.")
    assert len(ada.answers.records()) == 1
    assert repr(quiz_card(ada, "d06-once", "")).startswith("Not so.")


@pytest.mark.parametrize("answer", ["c", "ab", 7, "`"])
def test_what_is_no_option_is_not_kept(ada: Learner, answer: str) -> None:
    assert "is not one of the options" in repr(quiz_card(ada, "d06-once", answer))
    assert ada.answers.records() == ()


@pytest.mark.parametrize("card", [quiz_card, predict_card, outcome_card, written_card])
def test_a_misspelt_id_is_answered_with_the_nearest(ada: Learner, card: object) -> None:
    assert "There is no" in repr(card(ada, "nonsense", "a"))  # type: ignore[operator]
    assert "Did you mean d06-once?" in repr(quiz_card(ada, "d06-onse", "a"))


def test_an_answer_that_cannot_be_kept_is_still_replied_to(ada: Learner) -> None:
    ada.answers.file.mkdir()
    shown = repr(quiz_card(ada, "d06-once", "b"))
    assert shown.startswith("Right.") and "is not kept" in shown


# Recall


def test_recall_shows_the_same_five_until_they_are_answered(ada: Learner) -> None:
    first = repr(recall_card(ada, 6, ""))
    assert first.count("What arrives") == 5 and "Type 5 letters" in first
    quiz_card(ada, "d05-5", "a")
    tomorrow = Learner(bank=ada.bank, answers=ada.answers, now=ada.now + timedelta(days=1), folder=ada.folder)
    assert repr(recall_card(tomorrow, 6, "")) == first
    assert len(ada.answers.of("draw", "recall-day06")) == 1


def test_recall_is_answered_once(ada: Learner) -> None:
    recall_card(ada, 6, "")
    shown = repr(recall_card(ada, 6, "b, b, a, -, b"))
    assert shown.startswith("3 of 5.")
    kept = ada.answers.records()
    again = repr(recall_card(ada, 6, "bbbbb"))
    assert again.startswith("3 of 5.") and again.endswith("the first answers count.")
    assert ada.answers.records() == kept
    assert [record.right for record in kept if record.right is not None] == [True, True, False, False, True]


@pytest.mark.parametrize("letters", ["b", "bbbbbb", "bbbbz"])
def test_recall_says_what_it_needs(ada: Learner, letters: str) -> None:
    assert "one per question in order" in repr(recall_card(ada, 6, letters))
    assert ada.answers.of("recall", "recall-day06") == ()


def test_the_first_day_has_nothing_to_recall(ada: Learner) -> None:
    assert "Nothing to recall yet" in repr(recall_card(ada, 1, ""))


# Hints


def test_an_untouched_task_is_asked_about_once_and_then_opens(ada: Learner) -> None:
    assert "You have not tried yet" in repr(hint_card(ada, HINTS, STUB))
    assert repr(hint_card(ada, HINTS, STUB)).startswith("Hint 1 of 3, where to look.")


def test_the_next_rung_opens_after_a_changed_attempt(ada: Learner) -> None:
    hint_card(ada, HINTS, "def relay(at): return 0")
    shown = repr(hint_card(ada, HINTS, "def relay(at): return 1"))
    assert "look there" in shown and "this idea" in shown and "skeleton" not in shown.splitlines()


def test_an_unchanged_attempt_is_asked_about_once_and_then_opens(ada: Learner) -> None:
    hint_card(ada, HINTS, "x")
    assert repr(hint_card(ada, HINTS, "x \n")).endswith(
        "You have not changed your attempt since hint 1. Run the cell again to open the next one anyway."
    )
    assert "this idea" in repr(hint_card(ada, HINTS, "x"))
    assert "since hint 2" in repr(hint_card(ada, HINTS, "x"))
    assert repr(hint_card(ada, HINTS, "x")).endswith("skeleton")
    kept = ada.answers.records()
    assert repr(hint_card(ada, HINTS, "x")).endswith("skeleton")
    assert ada.answers.records() == kept


def test_hints_are_found_by_task_and_a_wrong_name_is_answered(ada: Learner) -> None:
    assert hints_for(ada, "relay") == HINTS
    assert "There are hints for relay." in repr(hints_for(ada, "relai"))
    twin = Page(
        name="lab07_review", day=7, title="", hints=(Hints(**{**HINTS.__dict__, "page": "lab07_review", "id": "x"}),)
    )
    both = Learner(bank=Bank.of([*BANK.pages, twin]), answers=ada.answers, now=ada.now, folder=ada.folder)
    assert "Several labs have a task relay" in repr(hints_for(both, "relay"))
    assert hints_for(both, "relay", "lab06") == HINTS
    save(ada, "lab07_review", "relay", STUB, mark="solution")
    found = hints_for(both, "relay")
    assert isinstance(found, Hints) and found.page == "lab07_review"


# Written answers


def test_the_rubric_opens_after_an_answer_is_written(ada: Learner) -> None:
    save(ada, "day06_outbox", "d06-why", "YOUR ANSWER HERE", mark="written", part="text")
    assert "names it" not in repr(written_card(ada, "d06-why", ""))
    save(ada, "day06_outbox", "d06-why", "It absorbs\nthe second.", mark="written", part="text")
    shown = repr(written_card(ada, "d06-why", ""))
    assert "names it" in shown and "Because." in shown
    written_card(ada, "d06-why", "")
    written_card(ada, "d06-why", "Better.")
    assert [record.answer for record in ada.answers.records()] == ["It absorbs\nthe second.", "Better."]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 7}', '{"cells": [7, {"metadata": 7}]}'])
def test_a_notebook_that_cannot_be_read_is_a_blank_answer(ada: Learner, content: str) -> None:
    (ada.folder / "day06_outbox.ipynb").write_text(content)
    assert "Write your answer" in repr(written_card(ada, "d06-why", ""))


# In a cell


def test_every_piece_can_be_run_blank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    cards = [
        cells.predict("x"),
        cells.outcome("x", 1),
        cells.quiz("x"),
        cells.recall(6),
        cells.hint("x"),
        cells.written("x"),
    ]
    assert all(repr(card) and card._repr_html_() for card in cards)
