"""A quiz question: the learner types a letter, and a reply of two sentences says what is right or what misleads."""

from __future__ import annotations

from collections.abc import Iterable

from .answers import Kind, Record
from .bank import Quiz
from .card import Card, quoted
from .learner import Learner, learner

__all__ = ["ask_text", "letter_of", "quiz", "quiz_card", "record_of", "reply_text"]


def quiz(id: str, answer: str = "") -> Card:
    """Answer the question `id` with a letter; the first answer counts, and every answer gets its reply."""
    return quiz_card(learner(), id, answer)


def quiz_card(of: Learner, id: str, answer: str) -> Card:
    """What `quiz` shows, given who asks."""
    item = of.item(id, Quiz)
    if isinstance(item, Card):
        return item
    first = of.answers.first("quiz", item.id)
    letter = letter_of(answer) or (first.answer if first else "")
    if not letter:
        return Card(f"Type a letter ({_choice(item.letters)}) between the quotes and run the cell.")
    if item.option(letter) is None:
        return Card(f"{quoted(repr(answer))} is not one of the options; they are {_choice(item.letters)}.")
    if first is None:
        return _joined(reply_text(item, letter), of.answers.keep(record_of(item, letter, "quiz", of)))
    counts = f"Your first answer counts: {first.answer}." if first.answer != letter else ""
    return _joined(reply_text(item, letter), counts)


def letter_of(answer: object) -> str:
    """The letter that an answer stands for: ``B)`` and ``"b"`` are both b."""
    return str(answer if answer is not None else "").strip().lower().strip("().\"' ")


def record_of(item: Quiz, letter: str, kind: Kind, of: Learner) -> Record:
    """The record of one answer; a letter that is no option counts as wrong."""
    option = item.option(letter)
    right = option is not None and option.belief is None
    return Record(
        kind=kind, id=item.id, at=of.now, answer=letter, right=right, belief=option.belief if option else None
    )


def ask_text(item: Quiz) -> str:
    """The question with its lettered options, in Markdown."""
    options = zip(item.letters, item.options)
    lines = (f"- **{letter}.** " + option.text.replace("\n", "\n  ") for letter, option in options)
    return "\n".join([item.question, "", *lines])


def reply_text(item: Quiz, letter: str) -> str:
    """The reply to this letter, in Markdown."""
    option = item.option(letter)
    if option is None:
        return f"**No answer.** The options are {_choice(item.letters)}."
    return f"**{'Right.' if option.belief is None else 'Not so.'}** {option.reply}"


def _choice(letters: Iterable[str]) -> str:
    *most, last = letters
    return f"{', '.join(most)} or {last}"


def _joined(*paragraphs: str) -> Card:
    return Card("\n\n".join(paragraph for paragraph in paragraphs if paragraph))
