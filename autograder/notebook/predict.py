"""Predictions: committed before the run, shown beside what happened, never right or wrong before the run decides."""

from __future__ import annotations

from .answers import Record
from .bank import Prediction, letter
from .card import Card, quoted
from .learner import Learner, learner
from .quiz import letter_of

__all__ = ["outcome", "outcome_card", "predict", "predict_card"]

_KEPT_CHARACTERS_MAX = 4000


def predict(id: str, answer: str = "") -> Card:
    """Commit a prediction before the next cell runs; the first answer counts, and blank is allowed."""
    return predict_card(learner(), id, answer)


def outcome(id: str, actual: object) -> Card:
    """Show what happened beside what was predicted."""
    return outcome_card(learner(), id, actual)


def predict_card(of: Learner, id: str, answer: object) -> Card:
    """What `predict` shows, given who asks."""
    item = of.item(id, Prediction)
    if isinstance(item, Card):
        return item
    text = str(answer if answer is not None else "").strip()[:_KEPT_CHARACTERS_MAX]
    first = of.answers.first("predict", item.id)
    if first:
        later = " The first answer counts." if text and text != first.answer else ""
        return Card(f"You predicted: {_said(item, first.answer)}.{later}")
    if not text:
        return Card("Type your prediction between the quotes and run the cell, before you run the next one.")
    if item.choices and letter_of(text) not in _letters(item):
        return Card(f"{quoted(repr(text))} is not one of the choices; they are {', '.join(_letters(item))}.")
    refused = of.answers.keep(Record(kind="predict", id=item.id, at=of.now, answer=text))
    return Card(refused or f"Kept: {_said(item, text)}. Now run the next cell.")


def outcome_card(of: Learner, id: str, actual: object) -> Card:
    """What `outcome` shows, given who asks."""
    item = of.item(id, Prediction)
    if isinstance(item, Card):
        return item
    data = {"outcome": item.id}
    first = of.answers.first("predict", item.id)
    if first is None:
        return Card(f"It was: **{quoted(str(actual))}**.\n\nYou left no prediction.", data)
    same = _normal(_said(item, first.answer)) == _normal(quoted(str(actual)))
    if not of.answers.of("outcome", item.id):
        right = same if item.choices else None
        of.answers.keep(
            Record(kind="outcome", id=item.id, at=of.now, answer=str(actual)[:_KEPT_CHARACTERS_MAX], right=right)
        )
    table = f"| you predicted | it was |\n|---|---|\n| {_said(item, first.answer)} | {quoted(str(actual))} |"
    return Card(f"{table}\n\n{_reading(item, same)}", data)


def _reading(item: Prediction, same: bool) -> str:
    if same:
        return "As you predicted."
    if item.choices:
        return "Not as you predicted. Which step of the run did you not expect?"
    return "Do the two agree? If not, which step of the run did you not expect?"


def _said(item: Prediction, answer: str) -> str:
    """A prediction in words: the choice that a letter stands for, or what was typed."""
    letters = _letters(item)
    if letter_of(answer) in letters:
        return item.choices[letters.index(letter_of(answer))].replace("|", r"\|")
    return quoted(answer)


def _letters(item: Prediction) -> list[str]:
    return [letter(number) for number in range(len(item.choices))]


def _normal(text: str) -> str:
    return " ".join(text.replace("`", "").replace("\\", "").lower().split()).rstrip(".")
