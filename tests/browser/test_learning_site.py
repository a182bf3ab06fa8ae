"""The learning pieces in a real browser: answers stay, the first one counts, and without a script nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import autograder.notebook
from autograder.manuscript.pieces import html
from autograder.notebook.bank import Hints, Option, Prediction, Quiz, Written
from autograder.notebook.card import Card
from tests.browser.chromium import Chromium, Page, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")

QUIZ = Quiz(
    id="d06-once",
    day=6,
    question="What arrives?",
    options=(
        Option(text="Once", reply="No commit joins them.", belief="b"),
        Option(text="Twice", reply="It is resent."),
    ),
)
PIECES = [
    QUIZ,
    Prediction(id="d06-count", day=6, question="How many?", choices=("one", "two")),
    Prediction(id="d06-free", day=6, question="What?"),
    Hints(id="lab06_outbox/relay", task="relay", page="lab06_outbox", rungs=("there", "idea", "skeleton")),
    Written(id="d06-why", page="day06", question="Why?", rubric="- names it", answer="Because."),
]
OUTCOME = Card("It was: **two**.\n\nYou left no prediction.", {"outcome": "d06-count"})


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture
def site(tmp_path: Path) -> str:
    script = (Path(autograder.notebook.__file__).parent / "site.js").read_text("utf-8")
    body = "".join(map(html, PIECES)) + OUTCOME._repr_html_()
    file = tmp_path / "page.html"
    file.write_text(f'<!doctype html><html lang="en"><title>t</title><body>{body}<script>{script}</script>', "utf-8")
    return file.as_uri()


def form(key: str) -> str:
    return f'form[data-key="{key}"]'


def said(page: Page, key: str) -> str:
    return str(page.eval(f"document.querySelector('{form(key)} [role=status]').textContent.trim()"))


def choose(page: Page, key: str, letter: str) -> None:
    page.click(f'{form(key)} input[value="{letter}"]')
    page.click(f"{form(key)} button")


def shown(page: Page, selector: str) -> bool:
    return bool(page.eval(f"document.querySelector('{selector}').checkVisibility()"))


def test_a_quiz_replies_and_its_first_answer_counts_after_a_reload(browser: Chromium, site: str) -> None:
    page = browser.open(site)
    page.click(f"{form('quiz-d06-once')} button")
    assert said(page, "quiz-d06-once") == "Answer first."
    choose(page, "quiz-d06-once", "a")
    assert said(page, "quiz-d06-once") == "Not so. No commit joins them."
    choose(page, "quiz-d06-once", "b")
    assert said(page, "quiz-d06-once").split() == "Right. It is resent. Your first answer counts: a.".split()
    page.go(site)
    assert said(page, "quiz-d06-once") == "Not so. No commit joins them."
    assert page.errors == [] and page.requests == [site] * len(page.requests)


def test_a_prediction_is_shown_beside_its_outcome(browser: Chromium, site: str) -> None:
    page = browser.open(site)
    choose(page, "predict-d06-count", "a")
    choose(page, "predict-d06-count", "b")
    assert said(page, "predict-d06-count").startswith("Your first answer counts: a. one")
    outcome = page.eval("document.querySelector('[data-outcome]').textContent")
    assert "It was: two." in outcome and "You predicted: a. one" in outcome and "no prediction" not in outcome


def test_the_rubric_opens_after_an_answer_is_written(browser: Chromium, site: str) -> None:
    page = browser.open(site)
    rubric = f"{form('written-d06-why')} details"
    assert not shown(page, rubric)
    page.eval(f"document.querySelector('{form('written-d06-why')} textarea').value = 'It absorbs.'")
    page.click(f"{form('written-d06-why')} button")
    assert shown(page, f"{rubric} li")
    page.go(site)
    assert page.eval(f"document.querySelector('{form('written-d06-why')} textarea').value") == "It absorbs."


def test_without_a_script_the_answers_stand_in_folds(browser: Chromium, site: str) -> None:
    page = browser.open(site, javascript=False)
    page.click(f"{form('quiz-d06-once')} summary")
    assert shown(page, f"{form('quiz-d06-once')} li")
    assert not shown(page, f"{form('quiz-d06-once')} button")
    page.click(".fortnight-hints summary")
    assert shown(page, ".fortnight-hint p")


def test_a_page_that_may_store_nothing_still_replies(browser: Chromium, site: str) -> None:
    page = browser.open(site)
    page.eval("void Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }})")
    choose(page, "quiz-d06-once", "b")
    assert "It is resent." in said(page, "quiz-d06-once")
    assert page.errors == []
