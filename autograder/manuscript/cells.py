"""From one segment of a text to its notebook cells: sources, nbgrader flags, readable ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from autograder.notebook.bank import letter

from .errors import ManuscriptError
from .points import PointsOf, agreed_points
from .questions import Choices, Question, read_predict, read_quiz, read_written, shuffled
from .segments import HEADING, Place, Segment

__all__ = ["BEGIN_SOLUTION", "END_SOLUTION", "NO_ANSWER", "Cell", "Cells", "choices_markdown", "quiz_markdown", "slug"]

BEGIN_SOLUTION = "### BEGIN SOLUTION"
END_SOLUTION = "### END SOLUTION"
NO_ANSWER = "YOUR ANSWER HERE"
"""nbgrader's own text for an answer that is not written yet (``ClearSolutions.text_stub``)."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One notebook cell, without outputs."""

    id: str
    kind: Literal["code", "markdown"]
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Cells:
    """Makes the cells of one text, and remembers which ids are taken."""

    def __init__(self, *, name: str, place: Place, path: str, points_of: PointsOf) -> None:
        self.name, self.prefix = name, name.partition("_")[0]
        self.place, self.path, self.points_of = place, path, points_of
        self.section, self.counts, self.taken = "top", dict[str, int](), dict[str, int]()

    def of(self, segment: Segment) -> list[Cell]:
        """The cells of the next segment of the text."""
        if segment.kind == "prose":
            return self._prose(segment)
        if segment.kind == "code":
            return [self._code(segment)]
        assert segment.mark
        return getattr(self, f"_{segment.mark.name}")(segment)

    def _prose(self, segment: Segment) -> list[Cell]:
        if not segment.body:
            return []
        if HEADING.match(segment.body):
            self.section = slug(segment.body.partition("\n")[0])
        return [Cell(id=self._counted(segment), kind="markdown", source=segment.body)]

    def _code(self, segment: Segment) -> Cell:
        mark, source, points = segment.mark, segment.body, None
        self._lint_solution(segment)
        if mark and mark.name == "check":
            expected = f'check("{segment.name}")'
            if source not in ("", expected):
                raise self._error(
                    f"a check cell is one line that the builder writes; leave it empty or write {expected}", segment
                )
            source, points = expected, agreed_points(segment, self.name, self.points_of, self.path)
        metadata = self._metadata(segment, points=points)
        if mark and segment.name:
            return Cell(
                id=self._named(segment, f"{mark.name}-{segment.name}"), kind="code", source=source, metadata=metadata
            )
        return Cell(id=self._counted(segment), kind="code", source=source, metadata=metadata)

    def _lint_solution(self, segment: Segment) -> None:
        lines = [line.strip() for line in segment.body.split("\n")]
        regions = [line for line in lines if line in (BEGIN_SOLUTION, END_SOLUTION)]
        if segment.mark and segment.mark.name == "solution":
            if not regions or regions != [BEGIN_SOLUTION, END_SOLUTION] * (len(regions) // 2):
                raise self._error(
                    f"a solution cell needs a line {BEGIN_SOLUTION!r} and then a line {END_SOLUTION!r}", segment
                )
        elif any("BEGIN SOLUTION" in line for line in lines):
            raise self._error('only a cell with the mark solution="..." may hold a solution', segment)

    def _predict(self, segment: Segment) -> list[Cell]:
        source = choices_markdown(read_predict(segment, self.path))
        return self._asked(segment, source, f'predict("{segment.name}", answer="")')

    def _quiz(self, segment: Segment) -> list[Cell]:
        source = quiz_markdown(segment.name, read_quiz(segment, self.path))
        return self._asked(segment, source, f'quiz("{segment.name}", answer="")')

    def _recall(self, segment: Segment) -> list[Cell]:
        if segment.body or not segment.name.isdigit():
            raise self._error("write ```recall day=6 with nothing inside; the questions come from the bank", segment)
        return [self._one_line(segment, f'recall({int(segment.name)}, answers="")')]

    def _hint(self, segment: Segment) -> list[Cell]:
        if segment.attributes["rung"] != "1":
            return []
        return [self._one_line(segment, f'hint("{segment.name}")')]

    def _written(self, segment: Segment) -> list[Cell]:
        essay = read_written(segment, self.path)
        question, run = self._asked(segment, f"**In your own words.** {essay.text}", f'written("{segment.name}")')
        in_lab = self.place == "labs"
        answer = Cell(
            id=f"{question.id}-text",
            kind="markdown",
            source=essay.answer if in_lab else NO_ANSWER,
            metadata=self._metadata(segment, part="text", points=0 if in_lab else None),
        )
        return [question, answer, run]

    def _asked(self, segment: Segment, question: str, run: str) -> list[Cell]:
        """A question and the line that answers it."""
        assert segment.mark
        id = self._named(segment, self._short(segment))
        return [
            Cell(id=id, kind="markdown", source=question, metadata=self._metadata(segment, part="question")),
            Cell(id=f"{id}-answer", kind="code", source=run, metadata=self._metadata(segment, part="answer")),
        ]

    def _one_line(self, segment: Segment, source: str) -> Cell:
        id = self._named(segment, self._short(segment))
        return Cell(id=id, kind="code", source=source, metadata=self._metadata(segment, part="answer"))

    def _short(self, segment: Segment) -> str:
        """``quiz-once`` for the quiz d06-once: the cell id says the day already."""
        assert segment.mark
        own = re.sub(r"^(?:day|lab)", lambda found: found[0][0], self.prefix)
        return f"{segment.mark.name}-{segment.name.removeprefix(own + '-')}"

    def _metadata(self, segment: Segment, *, part: str = "", points: float | None = None) -> dict[str, Any]:
        mark, metadata = segment.mark, dict[str, Any]()
        if mark:
            own = {"mark": mark.name, "id": segment.name, "part": part}
            metadata["fortnight"] = {key: value for key, value in own.items() if value}
        if mark and mark.nbgrader and self.place == "labs" and part in ("", "text"):
            metadata["nbgrader"] = {"schema_version": 3, "grade_id": f"{mark.name}-{segment.name}", **mark.nbgrader}
            if points is not None:
                metadata["nbgrader"]["points"] = points
        if segment.tags:
            metadata["tags"] = segment.tags
        return metadata

    def _named(self, segment: Segment, name: str) -> str:
        id = f"{self.prefix}-{name}"
        if id in self.taken:
            raise self._error(
                f"{name!r} stands twice, first in line {self.taken[id]}; names are unique in a text", segment
            )
        if len(id) > 50:
            raise self._error(
                f"{name!r} is too long for a cell id; use at most {50 - len(self.prefix)} characters", segment
            )
        self.taken[id] = segment.line
        return id

    def _counted(self, segment: Segment) -> str:
        """The section's slug, then slug-2, slug-3, ...; a number is skipped when its id is taken."""
        while True:
            count = self.counts[self.section] = self.counts.get(self.section, 0) + 1
            id = f"{self.prefix}-{self.section}" + (f"-{count}" if count > 1 else "")
            if id not in self.taken:
                self.taken[id] = segment.line
                return id

    def _error(self, message: str, segment: Segment) -> ManuscriptError:
        return ManuscriptError(message, path=self.path, line=segment.line)


def quiz_markdown(id: str, question: Question) -> str:
    """The question as a reader sees it, with lettered options and no key."""
    options = [question.options[number].text for number in shuffled(id, len(question.options))]
    return _lettered(f"**Question.** {question.text}", options)


def choices_markdown(question: Choices) -> str:
    """The prediction as a callout, with its choices lettered."""
    text = _lettered(f"**Predict.** {question.text}", list(question.choices))
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _lettered(text: str, options: list[str]) -> str:
    lines = [f"- **{letter(number)}.** " + option.replace("\n", "\n  ") for number, option in enumerate(options)]
    return "\n".join([text, *([""] if lines else []), *lines])


def slug(heading: str) -> str:
    """A heading as the readable part of a cell id."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower().replace("'", "")).strip("-")[:40].strip("-") or "cell"
