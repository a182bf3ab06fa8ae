"""The bank: every question, prediction, hint and rubric of the course, as built from the manuscript.

The bank is data that learners' notebooks read; the notebooks themselves hold the questions and no key. One file of
``items/`` belongs to one text of the manuscript.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Union

__all__ = [
    "ITEMS",
    "Bank",
    "Hints",
    "Item",
    "Option",
    "Page",
    "Prediction",
    "Quiz",
    "Written",
    "bank",
    "letter",
    "page_of",
]

ITEMS = Path(__file__).parent / "items"


@dataclass(frozen=True, kw_only=True)
class Option:
    """One answer to choose from; a wrong one carries the belief that leads to it."""

    text: str
    reply: str
    belief: str | None = None
    """None for the right option."""


@dataclass(frozen=True, kw_only=True)
class Quiz:
    """A question with lettered options, one of them right."""

    id: str
    day: int
    question: str
    options: tuple[Option, ...]

    @property
    def letters(self) -> str:
        """The letters of the options, in order."""
        return "".join(letter(number) for number in range(len(self.options)))

    @property
    def right(self) -> str:
        """The letter of the right option."""
        return next(letter(number) for number, option in enumerate(self.options) if option.belief is None)

    def option(self, of: str) -> Option | None:
        """The option with this letter."""
        return self.options[self.letters.index(of)] if len(of) == 1 and of in self.letters else None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A question that is answered before the run; the run decides what is right."""

    id: str
    day: int
    question: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Hints:
    """The three rungs of one task."""

    id: str
    """The notebook and the task, as in ``lab06_outbox/relay``."""
    task: str
    page: str
    rungs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Written:
    """A question that is answered in words and read by a person: the learner, a teacher, or both."""

    id: str
    page: str
    question: str
    rubric: str
    answer: str


Item = Union[Quiz, Prediction, Hints, Written]


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one text of the manuscript puts into the bank."""

    name: str
    day: int
    title: str
    quizzes: tuple[Quiz, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    hints: tuple[Hints, ...] = ()
    written: tuple[Written, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything on this page."""
        return (*self.quizzes, *self.predictions, *self.hints, *self.written)

    def to_json(self) -> str:
        """The page as it is kept in ``items/``: readable in a diff, the same bytes every time."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Bank:
    """All pages, in the order of the course."""

    pages: tuple[Page, ...]

    def find(self, id: str) -> Item | None:
        """The item with this id, wherever it stands."""
        return self._by_id.get(id)

    @property
    def quizzes(self) -> tuple[Quiz, ...]:
        """Every quiz question, in the order of the course."""
        return tuple(quiz for page in self.pages for quiz in page.quizzes)

    @property
    def hints(self) -> tuple[Hints, ...]:
        """The hints of every task."""
        return tuple(hints for page in self.pages for hints in page.hints)

    @property
    def ids(self) -> list[str]:
        """All ids; a misspelt one is answered with the nearest of them."""
        return list(self._by_id)

    @property
    def _by_id(self) -> Mapping[str, Item]:
        return {item.id: item for page in self.pages for item in page.items}

    @classmethod
    def of(cls, pages: Iterable[Page]) -> Bank:
        """A bank of these pages."""
        return cls(tuple(sorted(pages, key=lambda page: (page.day, page.name))))

    @classmethod
    def read(cls, folder: Path) -> Bank:
        """The bank that stands in `folder`, one JSON file per page."""
        return cls.of(page_of(json.loads(file.read_text("utf-8"))) for file in sorted(folder.glob("*.json")))


@cache
def bank() -> Bank:
    """The bank of this course."""
    return Bank.read(ITEMS)


def letter(number: int) -> str:
    """The letter of the option at this place, from 0."""
    return chr(ord("a") + number)


def page_of(data: Mapping[str, Any]) -> Page:
    """Read back what `Page.to_json` wrote."""
    return Page(
        name=data["name"],
        day=data["day"],
        title=data["title"],
        quizzes=tuple(
            Quiz(**{**quiz, "options": tuple(Option(**option) for option in quiz["options"])})
            for quiz in data["quizzes"]
        ),
        predictions=tuple(Prediction(**{**item, "choices": tuple(item["choices"])}) for item in data["predictions"]),
        hints=tuple(Hints(**{**item, "rungs": tuple(item["rungs"])}) for item in data["hints"]),
        written=tuple(Written(**item) for item in data["written"]),
    )
