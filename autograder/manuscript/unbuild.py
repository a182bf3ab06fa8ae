"""Write one notebook cell, or the cells of one block, as a segment of the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograder.notebook.bank import letter

from .errors import ManuscriptError
from .marks import FENCES
from .pages import Text
from .questions import Choices, Essay, Question, read_predict, read_quiz, read_written, shuffled
from .questions import write_predict, write_quiz, write_written
from .segments import Segment

__all__ = ["prose", "rewritten", "written_anew"]

_NAMES_MARK = {"check", "given", "solution"}


def written_anew(cell: Any) -> str:
    """A cell that the text did not know as a new segment."""
    if cell.cell_type == "raw":
        raise ManuscriptError("raw cells have no place in a text; make it Markdown or code")
    if cell.get("attachments"):
        raise ManuscriptError(
            f"the cell {cell.id} holds a pasted image; save it as a file beside the notebook and link to it"
        )
    mark = cell.metadata.get("fortnight", {})
    if mark.get("part"):
        raise ManuscriptError(
            f"the cell {cell.id} is a copy of a piece ({mark.get('id')}); write a new {mark['mark']} in the text"
        )
    if cell.cell_type == "markdown":
        return f"{prose(cell.source)}\n"
    source = "" if _mark_of(cell)[0] == "check" else cell.source
    return _fenced("python" + _attributes(cell), source.rstrip("\n"))


def rewritten(segment: Segment, cells: Sequence[Any], text: Text) -> str:
    """A changed segment; what the notebook does not hold (replies, beliefs, rubrics) comes from the old text."""
    if any(cell.get("attachments") for cell in cells):
        raise ManuscriptError(f"{cells[0].id} holds a pasted image; save it as a file and link to it", path=text.path)
    return _spaced(segment, _rewritten(segment, cells, text))


def _rewritten(segment: Segment, cells: Sequence[Any], text: Text) -> str:
    if segment.kind == "prose":
        return prose(cells[0].source) if cells[0].cell_type == "markdown" else written_anew(cells[0])
    if segment.kind == "code":
        return _rewritten_code(segment, cells[0], text)
    assert segment.mark
    body = _BODIES.get(segment.mark.name)
    if body is None:
        raise _error(f"{segment.mark.name!r} is one line that the builder writes; edit the text", segment, text)
    fence = segment.raw.partition("\n")[0].lstrip("`")
    return _fenced(fence.strip(), body(segment, cells, text), least=_ticks(segment.raw))


def prose(source: str) -> str:
    """Prose that cannot be taken for a code cell: Python that is shown is fenced as ``py``."""
    return re.sub(r"(?m)^(`{3,})\s*python\s*$", r"\1py", source.strip("\n"))


def _spaced(segment: Segment, new: str) -> str:
    """`new` with the blank lines and the break that stood around the old segment."""
    before = re.match(r"\n*(?:\+\+\+\n\n*)?", segment.raw)
    after = re.search(r"\n*\Z", segment.raw)
    assert before and after
    return before[0] + new.rstrip("\n") + after[0]


def _rewritten_code(segment: Segment, cell: Any, text: Text) -> str:
    if segment.mark and segment.mark.name == "check" and cell.cell_type == "code":
        if cell.source != f'check("{segment.name}")':
            raise _error("a check cell is one line that the builder writes; undo the edit of that cell", segment, text)
    if cell.cell_type != "code":
        return written_anew(cell)
    same_mark = _mark_of(cell) == (segment.mark.name if segment.mark else "", segment.name)
    info = segment.raw.partition("\n")[0].lstrip("`").strip()
    if not same_mark or list(cell.metadata.get("tags", ())) != segment.tags:
        info = "python" + _attributes(cell)
    body = segment.body if segment.mark and segment.mark.name == "check" else cell.source.rstrip("\n")
    return _fenced(info, body, least=_ticks(segment.raw))


def _quiz_body(segment: Segment, cells: Sequence[Any], text: Text) -> str:
    old = read_quiz(segment, text.path)
    question, options = _lettered(cells[0].source.removeprefix("**Question.** "), len(old.options), segment, text)
    back = dict(zip(shuffled(segment.name, len(options)), options))
    new = tuple(replace(option, text=back[number]) for number, option in enumerate(old.options))
    return write_quiz(Question(question, new))


def _predict_body(segment: Segment, cells: Sequence[Any], text: Text) -> str:
    source = "\n".join(re.sub(r"^> ?", "", line) for line in cells[0].source.split("\n"))
    count = len(read_predict(segment, text.path).choices)
    question, choices = _lettered(source.removeprefix("**Predict.** "), count, segment, text)
    return write_predict(Choices(question, tuple(choices)))


def _written_body(segment: Segment, cells: Sequence[Any], text: Text) -> str:
    old = read_written(segment, text.path)
    answer = cells[1].source if text.place == "labs" else old.answer
    return write_written(Essay(cells[0].source.removeprefix("**In your own words.** "), old.rubric, answer.strip("\n")))


_BODIES = {"quiz": _quiz_body, "predict": _predict_body, "written": _written_body}


def _lettered(source: str, count: int, segment: Segment, text: Text) -> tuple[str, list[str]]:
    """A question and its `count` lettered options, read back from Markdown."""
    parts = re.split(r"(?m)^- \*\*([a-f])\.\*\* ", source)
    letters = "".join(parts[1::2])
    if letters != "".join(letter(number) for number in range(count)):
        raise _error(f"{segment.name!r} has {count} options in the text; add or remove options there", segment, text)
    return parts[0].strip("\n"), [re.sub(r"\n  ", "\n", option.strip("\n")) for option in parts[2::2]]


def _mark_of(cell: Any) -> tuple[str, str]:
    """The mark and name of a code cell, from our metadata or from flags set in nbgrader's own toolbar."""
    own = cell.metadata.get("fortnight")
    if own:
        return own["mark"], own.get("id", "")
    flags = cell.metadata.get("nbgrader")
    if not flags:
        return "", ""
    wanted = {key: bool(flags.get(key, False)) for key in ("grade", "locked", "solution", "task")}
    for mark in FENCES.values():
        if mark.nbgrader == wanted:
            return mark.name, str(flags["grade_id"]).removeprefix(f"{mark.name}-")
    raise ManuscriptError(f"the cell {cell.id} has flags that no mark stands for; use {', '.join(sorted(_NAMES_MARK))}")


def _attributes(cell: Any) -> str:
    mark, name = _mark_of(cell)
    points = cell.metadata.get("nbgrader", {}).get("points") if mark == "check" else None
    tags = ",".join(cell.metadata.get("tags", ()))
    out = f' {mark}="{name}"' if mark and name else f" {mark}" if mark else ""
    return out + (f" points={points:g}" if points is not None else "") + (f' tags="{tags}"' if tags else "")


def _fenced(info: str, body: str, *, least: int = 3) -> str:
    runs: Mapping[int, None] = dict.fromkeys(len(run) for run in re.findall(r"(?m)^`{3,}", body))
    ticks = "`" * max(least, *(length + 1 for length in runs), 3)
    return f"{ticks}{info}\n{body}\n{ticks}\n" if body else f"{ticks}{info}\n{ticks}\n"


def _ticks(raw: str) -> int:
    return len(raw) - len(raw.lstrip("`"))


def _error(message: str, segment: Segment, text: Text) -> ManuscriptError:
    return ManuscriptError(message, path=text.path, line=segment.line)
