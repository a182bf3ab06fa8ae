"""Recall: five questions from earlier days open a day, chosen from what this learner missed.

The draw is kept, so that the questions do not change between reading and answering; it is answered once.
"""

from __future__ import annotations

import re

from .answers import Record
from .bank import Quiz
from .card import Card
from .learner import Learner, learner
from .quiz import ask_text, record_of, reply_text
from .spacing import recall_items

__all__ = ["recall", "recall_card"]


def recall(day: int, answers: str = "") -> Card:
    """Show five questions from before this day; type five letters (`"abcda"`, `-` for "I do not know") to answer."""
    return recall_card(learner(), day, answers)


def recall_card(of: Learner, day: int, answers: str) -> Card:
    """What `recall` shows, given who asks."""
    items, given = _draw(of, day)
    if not items:
        return Card("Nothing to recall yet: the questions of this day come back on the next ones.")
    if given:
        return _replies(items, given.answer, "Answered before; the first answers count.")
    letters = re.sub(r"[\s,;.]+", "", str(answers or "")).lower()
    if not letters:
        return _questions(
            items, f"Type {len(items)} letters between the quotes (`-` where you do not know) and run the cell."
        )
    if len(letters) != len(items) or not all(_fits(item, letter) for item, letter in zip(items, letters)):
        return _questions(items, f"Type {len(items)} letters, one per question in order; `-` stands for I do not know.")
    refused = [of.answers.keep(record_of(item, letter, "recall", of)) for item, letter in zip(items, letters)]
    refused.append(
        of.answers.keep(Record(kind="recall", id=_sitting(day), at=of.now, answer=letters, items=_ids(items)))
    )
    return _replies(items, letters, next(filter(None, refused), ""))


def _draw(of: Learner, day: int) -> tuple[list[Quiz], Record | None]:
    """The questions of this day's sitting, and the record of its answers when it was answered."""
    given = of.answers.first("recall", _sitting(day))
    kept = given or of.answers.first("draw", _sitting(day))
    items = [item for id in (kept.items if kept else ()) if isinstance(item := of.bank.find(id), Quiz)]
    if kept and len(items) == len(kept.items):
        return items, given
    items = recall_items(day, of.now, of.answers.records(), of.bank)
    if items and not kept:
        of.answers.keep(Record(kind="draw", id=_sitting(day), at=of.now, items=_ids(items)))
    return items, None


def _sitting(day: int) -> str:
    return f"recall-day{day:02d}"


def _ids(items: list[Quiz]) -> tuple[str, ...]:
    return tuple(item.id for item in items)


def _fits(item: Quiz, letter: str) -> bool:
    return letter == "-" or item.option(letter) is not None


def _questions(items: list[Quiz], then: str) -> Card:
    parts = [f"**{number}.** (day {item.day}) {ask_text(item)}" for number, item in enumerate(items, start=1)]
    return Card("\n\n".join([*parts, then]))


def _replies(items: list[Quiz], letters: str, note: str) -> Card:
    right = sum(item.right == letter for item, letter in zip(items, letters))
    parts = [f"**{right} of {len(items)}.** What you missed comes back after 1, 3, 7 and 14 days."]
    for number, (item, letter) in enumerate(zip(items, letters), start=1):
        said = reply_text(item, letter) if letter != "-" else f"**{item.right}.** {_right_reply(item)}"
        parts.append(f"**{number}.** {item.question}\n\n{said}")
    return Card("\n\n".join([*parts, *([note] if note else [])]))


def _right_reply(item: Quiz) -> str:
    option = item.option(item.right)
    return f"{option.text}\n\n{option.reply}" if option else ""
