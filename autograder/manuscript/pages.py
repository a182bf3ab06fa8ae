"""One text of the manuscript, read whole: its cells, its page of the bank, and what only the whole can get wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import nbformat

from autograder.notebook.bank import Hints, Page, Prediction, Quiz, Written

from .cells import BEGIN_SOLUTION, END_SOLUTION, Cell, Cells
from .errors import ManuscriptError
from .points import PointsOf, points_of_lab
from .questions import read_predict, read_quiz, read_written, shuffled
from .segments import Place, Segment, segments

__all__ = ["Text", "notebook", "read_text"]

_CALLED = re.compile(r"(check|hint|predict|quiz|recall|written)\(")
_IMPORTED = re.compile(r"from autograder\.notebook import (\([^)]*\)|[^\n]*)")
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text and the cells of each of its segments."""

    name: str
    """The file's name without its ending: ``day06_outbox``."""
    place: Place
    path: str
    parts: tuple[tuple[Segment, tuple[Cell, ...]], ...]

    @property
    def day(self) -> int:
        """The day's number, which is the lab's number too."""
        digits = "".join(char for char in self.name.partition("_")[0] if char.isdigit())
        return int(digits) if digits else 0

    @property
    def title(self) -> str:
        """The first heading, without its marks."""
        for segment, _ in self.parts:
            if segment.kind == "prose" and segment.body.startswith("# "):
                return segment.body.partition("\n")[0].removeprefix("# ").strip()
        return self.name

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, in order."""
        return tuple(cell for _, cells in self.parts for cell in cells)

    @property
    def fingerprint(self) -> str:
        """A short name of this very text; its notebook carries it, so that an import knows what it was built from."""
        return hashlib.sha256("".join(segment.raw for segment, _ in self.parts).encode()).hexdigest()[:12]

    def blocks(self, mark: str) -> list[Segment]:
        """The segments with this mark, in order."""
        return [segment for segment, _ in self.parts if segment.mark and segment.mark.name == mark]

    def page(self) -> Page:
        """What this text puts into the bank."""
        return Page(
            name=self.name,
            day=self.day,
            title=self.title,
            quizzes=tuple(self._quiz(segment) for segment in self.blocks("quiz")),
            predictions=tuple(self._prediction(segment) for segment in self.blocks("predict")),
            hints=tuple(self._hints()),
            written=tuple(self._written(segment) for segment in self.blocks("written")),
        )

    def _quiz(self, segment: Segment) -> Quiz:
        question = read_quiz(segment, self.path)
        options = tuple(question.options[number] for number in shuffled(segment.name, len(question.options)))
        return Quiz(id=segment.name, day=self.day, question=question.text, options=options)

    def _prediction(self, segment: Segment) -> Prediction:
        question = read_predict(segment, self.path)
        return Prediction(id=segment.name, day=self.day, question=question.text, choices=question.choices)

    def _hints(self) -> list[Hints]:
        rungs = groupby(self.blocks("hint"), key=lambda segment: segment.name)
        return [
            Hints(
                id=f"{self.name}/{task}",
                task=task,
                page=self.name,
                rungs=tuple(rung.body.strip("\n") for rung in found),
            )
            for task, found in rungs
        ]

    def _written(self, segment: Segment) -> Written:
        essay = read_written(segment, self.path)
        return Written(id=segment.name, page=self.name, question=essay.text, rubric=essay.rubric, answer=essay.answer)


def read_text(text: str, *, name: str, place: Place, path: str, points_of: PointsOf = points_of_lab) -> Text:
    """Read one text, or raise `ManuscriptError` with the file and the line that is wrong."""
    maker = Cells(name=name, place=place, path=path, points_of=points_of)
    found = segments(text, path=path, place=place)
    whole = Text(name=name, place=place, path=path, parts=tuple((part, tuple(maker.of(part))) for part in found))
    _lint_hints(whole)
    _lint_diagrams(whole)
    if place != "items":
        _lint_imports(whole)
    if place == "labs":
        _lint_tasks(whole, points_of(name))
    return whole


def notebook(text: Text) -> str:
    """The notebook of a text: no outputs, the same bytes every time."""
    cells = [_node(cell) for cell in text.cells]
    metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}, "fortnight": {"text": text.fingerprint}}
    built = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(built)
    return nbformat.writes(built, version=4) + "\n"


def _node(cell: Cell) -> Any:
    make = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
    return make(cell.source, id=cell.id, metadata=dict(cell.metadata))


def _lint_hints(text: Text) -> None:
    kinds = [segment for segment, _ in text.parts]
    solutions = _solution_lines(text)
    for number, segment in enumerate(kinds):
        if not (segment.mark and segment.mark.name == "hint") or segment.attributes["rung"] != "1":
            continue
        three = [(part.name, part.attributes.get("rung")) for part in kinds[number : number + 3]]
        if three != [(segment.name, "1"), (segment.name, "2"), (segment.name, "3")]:
            raise _error(f"the rungs 1, 2 and 3 of {segment.name!r} must follow each other directly", segment, text)
        _lint_skeleton(kinds[number + 2], solutions, text)
    if 3 * sum(part.attributes["rung"] == "1" for part in text.blocks("hint")) != len(text.blocks("hint")):
        raise _error("every task has the rungs 1, 2 and 3, once each and in this order", text.blocks("hint")[-1], text)


def _solution_lines(text: Text) -> dict[str, set[str]]:
    """For every task the lines of its solution that say something."""
    found: dict[str, set[str]] = {}
    for segment in text.blocks("solution"):
        inside = False
        for line in map(str.strip, segment.body.split("\n")):
            inside = (inside or line == BEGIN_SOLUTION) and line != END_SOLUTION
            if inside and len(line) > 8 and not line.startswith("#"):
                found.setdefault(segment.name, set()).add(line)
    return found


def _lint_skeleton(segment: Segment, solutions: dict[str, set[str]], text: Text) -> None:
    solution = solutions.get(segment.name, set())
    shown = solution & set(map(str.strip, segment.body.split("\n")))
    if len(solution) > 2 and len(shown) * 3 > len(solution) * 2:
        raise _error(
            f"rung 3 of {segment.name!r} holds {len(shown)} of the {len(solution)} lines of the solution", segment, text
        )


def _lint_diagrams(text: Text) -> None:
    for (segment, _), following in zip(text.parts, [*text.parts[1:], None]):
        if segment.mark and segment.mark.name == "diagram":
            if following is None or following[0].kind != "prose":
                raise _error("prose must follow a diagram and read it aloud", segment, text)


def _lint_imports(text: Text) -> None:
    """Pieces are imported above their first use: else ``recall(...)`` is a magic of IPython and fails quietly."""
    imported: set[str] = set()
    for segment, cells in text.parts:
        for cell in cells:
            called = _CALLED.match(cell.source) if cell.kind == "code" and "fortnight" in cell.metadata else None
            if called and called[1] not in imported:
                line = f"from autograder.notebook import {called[1]}"
                raise _error(f"{called[1]!r} is not imported yet; write `{line}` in a cell above", segment, text)
            for names in _IMPORTED.findall(cell.source) if cell.kind == "code" else ():
                imported |= set(re.findall(r"\w+", names))


def _lint_tasks(text: Text, tasks: Mapping[str, float] | None) -> None:
    if tasks is None or not text.parts:
        return
    missing = {task for task, points in tasks.items() if points} - {segment.name for segment in text.blocks("check")}
    if missing:
        message = f"no check cell for the task {sorted(missing)[0]!r} of autograder/labs/; write ```python check=..."
        raise ManuscriptError(message, path=text.path, line=text.parts[-1][0].line)


def _error(message: str, segment: Segment, text: Text) -> ManuscriptError:
    return ManuscriptError(message, path=text.path, line=segment.line)
