"""Read the bodies of the blocks (quiz, predict, written) and write them back.

Options are lettered in an order made from the question's id, so that authors need not think about where the right one
stands; `shuffled` is that order and `write_quiz` undoes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.notebook.bank import Option

from .errors import ManuscriptError
from .segments import Segment

__all__ = ["Choices", "Essay", "Question", "read_predict", "read_quiz", "read_written", "shuffled"]
__all__ += ["write_predict", "write_quiz", "write_written"]

_OPTION = re.compile(r"- \[([ xX])\] (.+)")
_KEY = re.compile(r"  (reply|belief): (.+)")


@dataclass(frozen=True)
class Question:
    """A quiz as its author wrote it: the options in the text's order."""

    text: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Choices:
    """A prediction as its author wrote it."""

    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Essay:
    """A written question as its author wrote it."""

    text: str
    rubric: str
    answer: str


def shuffled(id: str, count: int) -> list[int]:
    """The order in which the options of `id` are lettered: a permutation of range(count), the same every time."""
    return sorted(range(count), key=lambda number: hashlib.sha256(f"{id}/{number}".encode()).digest())


def read_quiz(segment: Segment, path: str) -> Question:
    """The question of a quiz block; says what is missing and in which line."""
    lines = segment.body.split("\n")
    first = next((number for number, line in enumerate(lines) if _OPTION.match(line)), len(lines))
    text = "\n".join(lines[:first]).strip("\n")
    options = tuple(_options(lines, first, segment, path))
    if not text:
        raise _error("this quiz has no question", segment, path)
    if not 2 <= len(options) <= 6:
        raise _error(f"this quiz has {len(options)} options; write two to six lines of '- [ ] ...'", segment, path)
    right = [option for option in options if option.belief is None]
    if len(right) != 1:
        raise _error(f"this quiz has {len(right)} right options; mark exactly one with '- [x]'", segment, path)
    return Question(text, options)


def _options(lines: Sequence[str], first: int, segment: Segment, path: str) -> list[Option]:
    found = []
    begins = [number for number in range(first, len(lines)) if _OPTION.match(lines[number])]
    for begin, end in zip(begins, [*begins[1:], len(lines)]):
        found.append(_option(lines[begin:end], segment, path, begin + 1))
    return found


def _option(lines: Sequence[str], segment: Segment, path: str, offset: int) -> Option:
    head = _OPTION.fullmatch(lines[0])
    assert head
    parts = {"text": [head[2]]}
    last = "text"
    for number, line in enumerate(lines[1:], start=1):
        key = _KEY.fullmatch(line)
        if key:
            last = key[1]
            parts[last] = [key[2]]
        elif line.startswith("  "):
            parts[last].append(line[2:])
        elif line.strip():
            raise _error(
                f"cannot read {line!r}; indent what belongs to an option by two", segment, path, offset + number
            )
    right = head[1] != " "
    for needed in ("reply", *(() if right else ("belief",))):
        if needed not in parts:
            raise _error(f"the option {head[2]!r} needs a line '  {needed}: ...'", segment, path, offset)
    if right and "belief" in parts:
        raise _error(f"the right option {head[2]!r} has a belief; only wrong ones do", segment, path, offset)
    joined = {key: "\n".join(value) for key, value in parts.items()}
    return Option(text=joined["text"], reply=joined["reply"], belief=joined.get("belief"))


def write_quiz(question: Question) -> str:
    """The body of a quiz block; the inverse of `read_quiz`."""
    lines = [question.text, ""]
    for option in question.options:
        lines.append(f"- [{'x' if option.belief is None else ' '}] {_indented(option.text)}")
        if option.belief is not None:
            lines.append(f"  belief: {_indented(option.belief)}")
        lines.append(f"  reply: {_indented(option.reply)}")
    return "\n".join(lines)


def read_predict(segment: Segment, path: str) -> Choices:
    """The question of a predict block, and its choices when the body ends with a list."""
    lines = segment.body.strip("\n").split("\n")
    first = len(lines)
    while first and lines[first - 1].startswith("- "):
        first -= 1
    text = "\n".join(lines[:first]).strip("\n")
    if not text:
        raise _error("this prediction has no question", segment, path)
    return Choices(text, tuple(line[2:] for line in lines[first:]))


def write_predict(question: Choices) -> str:
    """The body of a predict block."""
    return "\n".join([question.text, *([""] if question.choices else []), *(f"- {line}" for line in question.choices)])


def read_written(segment: Segment, path: str) -> Essay:
    """The question, rubric and answer of a written block."""
    parts: dict[str, list[str]] = {"question": []}
    last = "question"
    for line in segment.body.split("\n"):
        if line in ("rubric:", "answer:"):
            last = line[:-1]
            parts[last] = []
        else:
            parts[last].append(line)
    joined = {key: "\n".join(value).strip("\n") for key, value in parts.items()}
    for needed in ("question", "rubric", "answer"):
        if not joined.get(needed):
            raise _error(f"this written question has no {needed}; put it behind a line '{needed}:'", segment, path)
    return Essay(joined["question"], joined["rubric"], joined["answer"])


def write_written(essay: Essay) -> str:
    """The body of a written block."""
    return f"{essay.text}\n\nrubric:\n{essay.rubric}\n\nanswer:\n{essay.answer}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _error(message: str, segment: Segment, path: str, offset: int = 0) -> ManuscriptError:
    return ManuscriptError(message, path=path, line=segment.line + offset)
