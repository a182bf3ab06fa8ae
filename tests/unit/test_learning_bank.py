"""The bank of the course: well formed, evenly lettered, and every reply two sentences long."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from autograder.notebook.bank import Bank, Page, Quiz, bank, page_of

SEEDED = [quiz for quiz in bank().quizzes if quiz.day <= 5]


def sentences(text: str) -> int:
    words = re.sub(r"`[^`]*`", "x", text).replace("et al.", "et al")
    return len(re.findall(r'[.?!]"?(?=\s|$)', words))


@pytest.mark.parametrize("quiz", SEEDED, ids=lambda quiz: quiz.id)
def test_every_reply_has_two_sentences_and_says_something_of_its_own(quiz: Quiz) -> None:
    assert [sentences(option.reply) for option in quiz.options] == [2] * len(quiz.options)
    assert len({option.reply for option in quiz.options}) == len({option.text for option in quiz.options}) >= 3


def test_the_first_five_days_have_at_least_eight_questions_each() -> None:
    counts = Counter(quiz.day for quiz in SEEDED)
    assert all(counts[day] >= 8 for day in range(1, 6))


def test_the_right_letter_cannot_be_guessed() -> None:
    rights = Counter(quiz.right for quiz in SEEDED)
    assert max(rights.values()) <= len(SEEDED) / 2


def test_a_page_survives_its_file() -> None:
    for page in bank().pages:
        assert page_of(json.loads(page.to_json())) == page


def test_an_unknown_letter_is_no_option() -> None:
    quiz = SEEDED[0]
    assert [quiz.option(letter) for letter in ("", "z", "ab", "-")] == [None] * 4


def test_the_pages_stand_in_the_order_of_the_course() -> None:
    pages = [Page(name=name, day=day, title="") for name, day in (("lab06", 6), ("day01", 1), ("day06", 6))]
    assert [page.name for page in Bank.of(pages).pages] == ["day01", "day06", "lab06"]
