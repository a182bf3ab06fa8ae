"""``review``: questions from one's own misses, when they are due."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.endings import USAGE, Ended
from autograder.cli.screen import say

if TYPE_CHECKING:
    from autograder.notebook.bank import Quiz
    from autograder.notebook.learner import Learner

__all__ = ["answer", "run"]


def run(
    answers: Annotated[
        str | None,
        typer.Option(
            "--answers", help="Your letters in order, as in abca, without being asked one by one.", show_default=False
        ),
    ] = None,
) -> None:
    """Repeat what you missed: the questions that are due today. A miss comes back after 1, 3, 7 and 14 days."""
    from autograder.notebook.learner import learner
    from autograder.notebook.spacing import due_items

    of = learner()
    due = due_items(of.now, of.answers.records(), of.bank)
    if not due:
        return say(f"Nothing is due today. {coming(of)}".strip())
    if answers is not None and len(answers) != len(due):
        raise Ended(f"{len(due)} questions are due, and {answers!r} has {len(answers)} letters.", USAGE)
    if answers is None and not sys.stdin.isatty():
        return say(
            "\n\n".join(
                [
                    *(question(number, item) for number, item in enumerate(due, 1)),
                    "Answer with --answers and your letters in order.",
                ]
            )
        )
    for number, item in enumerate(due, 1):
        say(question(number, item))
        letter = answers[number - 1] if answers is not None else ask(item)
        say(answer(of, item, letter))
    return say(f"\n{coming(of)}") if coming(of) else None


def coming(of: Learner) -> str:
    """When the next questions come back, and how many; nothing where none is in review."""
    from autograder.notebook.spacing import next_due

    found = next_due(of.now, of.answers.records(), of.bank)
    if found is None:
        return ""
    days, count = found
    when = "Tomorrow" if days == 1 else f"In {days} days"
    return f"{when} {count} question{'s' if count > 1 else ''} come{'' if count > 1 else 's'} back."


def question(number: int, item: Quiz) -> str:
    """The question as it reads in a terminal."""
    from autograder.notebook.card import plain
    from autograder.notebook.quiz import ask_text

    return plain(f"\n{number}. (day {item.day}) {ask_text(item)}")


def ask(item: Quiz) -> str:
    """A letter that is one of the options."""
    letter = ""
    while item.option(letter) is None:
        letter = input(f"Your answer ({', '.join(item.letters)}): ").strip().lower()
    return letter


def answer(of: Learner, item: Quiz, letter: str) -> str:
    """Keep the answer and give its reply."""
    from autograder.notebook.card import plain
    from autograder.notebook.quiz import record_of, reply_text

    trouble = of.answers.keep(record_of(item, letter, "review", of))
    return "\n".join(filter(None, [plain(reply_text(item, letter)), trouble]))
