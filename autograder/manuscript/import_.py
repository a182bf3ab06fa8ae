"""Bring an edit made in JupyterLab back into the text: what was not touched stays as it is, byte for byte.

The notebook's cells are matched with the text's segments by cell id. A segment whose cells are unchanged is copied
from the text; a changed one is written anew; a new cell becomes a new segment. At the end the new text is built and
compared with the notebook, so that an edit which the text cannot hold is an error and never a loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from .build import text_of_notebook
from .cells import Cell
from .errors import ManuscriptError
from .pages import Text, read_text
from .points import PointsOf, points_of_lab
from .segments import BREAK, HEADING
from .unbuild import prose, rewritten, written_anew

__all__ = ["import_notebook", "imported"]

_OWN_ANSWERS = ("predict", "quiz", "recall")
"""Pieces whose last cell holds what a reader answered; an answer is no edit of the course."""


@dataclass(frozen=True)
class _Piece:
    """Some text, and the segment of the old text that it stands for."""

    raw: str
    number: int | None
    is_prose: bool


def import_notebook(file: Path, root: Path, *, points_of: PointsOf = points_of_lab) -> Path:
    """Write the text of `file` so that it says what the notebook says; returns the text's path."""
    place, target = text_of_notebook(root, file)
    path = target.relative_to(root.resolve()).as_posix()
    old = target.read_text("utf-8") if target.exists() else ""
    base = read_text(old, name=file.stem, place=place, path=path, points_of=points_of)
    try:
        notebook = nbformat.reads(file.read_text("utf-8"), as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise ManuscriptError(f"cannot read this notebook ({type(error).__name__})", path=str(file)) from error
    if old and notebook.metadata.get("fortnight", {}).get("text", base.fingerprint) != base.fingerprint:
        message = (
            f"{path} was edited after this notebook was built; make one of the two edits again by hand, then build"
        )
        raise ManuscriptError(message, path=str(file))
    cells = notebook.cells
    new = imported(base, cells)
    _must_say(read_text(new, name=file.stem, place=place, path=path, points_of=points_of), cells, file)
    target.write_text(new, "utf-8")
    return target


def imported(base: Text, cells: list[Any]) -> str:
    """The text that builds these notebook cells; `base` is the text that they were built from."""
    pieces = list(_pieces(base, _without_answers(base, cells)))
    out: list[str] = []
    for before, piece in zip([None, *pieces], pieces):
        adjacent = (
            before is not None and None not in (before.number, piece.number) and piece.number == before.number + 1
        )
        if before is not None and not adjacent:
            out[-1] = out[-1].rstrip("\n") + "\n\n"
        needs_break = before is not None and before.is_prose and piece.is_prose
        if needs_break and not piece.raw.lstrip("\n").startswith(BREAK) and not HEADING.match(piece.raw.lstrip("\n")):
            out.append(f"{BREAK}\n\n")
        out.append(piece.raw if adjacent or before is None else piece.raw.lstrip("\n"))
    last = pieces[-1].number if pieces else None
    text = "".join(out)
    return text if last is not None and last + 1 == len(base.parts) else text.rstrip("\n") + "\n"


def _pieces(base: Text, cells: list[Any]) -> Iterator[_Piece]:
    homes = {cell.id: number for number, (_, made) in enumerate(base.parts) for cell in made}
    there = {cell.id: cell for cell in cells}
    done: set[int] = set()
    for cell in cells:
        number = homes.get(cell.id)
        if number is None and not cell.source.strip():
            continue
        if number is None:
            raw = written_anew(cell)
            yield _Piece(raw, None, cell.cell_type == "markdown")
            continue
        if number in done:
            continue
        done.add(number)
        yield from _kept(base, number, there)


def _kept(base: Text, number: int, there: Mapping[str, Any]) -> Iterator[_Piece]:
    segment, made = base.parts[number]
    missing = [cell.id for cell in made if cell.id not in there]
    if missing:
        raise ManuscriptError(
            f"the cells of {segment.name!r} belong together and {missing[0]} is missing; delete all of them or none",
            path=base.path,
            line=segment.line,
        )
    now = [there[cell.id] for cell in made]
    raw = segment.raw if _same(made, now) else rewritten(segment, now, base)
    yield _Piece(raw, number, segment.kind == "prose")
    for later in range(number + 1, len(base.parts)):  # Rungs 2 and 3 make no cell of their own and go with rung 1.
        if base.parts[later][1]:
            break
        yield _Piece(base.parts[later][0].raw, later, False)


def _same(made: tuple[Cell, ...], now: list[Any]) -> bool:
    return all(_content(cell) == _node_content(node) for cell, node in zip(made, now))


def _content(cell: Cell) -> tuple[Any, ...]:
    return (
        cell.kind,
        cell.source,
        *(cell.metadata.get(key) for key in ("fortnight", "nbgrader")),
        _tags(cell.metadata),
    )


def _node_content(node: Any) -> tuple[Any, ...]:
    return (
        node.cell_type,
        node.source,
        *(node.metadata.get(key) for key in ("fortnight", "nbgrader")),
        _tags(node.metadata),
    )


def _tags(metadata: Mapping[str, Any]) -> list[str]:
    return list(metadata.get("tags", ()))


def _without_answers(base: Text, cells: list[Any]) -> list[Any]:
    """The cells with the answer of whoever ran them taken out again; what a cell printed never mattered."""
    blank = {cell.id: cell.source for cell in base.cells if _is_own_answer(cell, base)}
    return [nbformat.from_dict({**cell, "source": blank.get(cell.id, cell.source)}) for cell in cells]


def _is_own_answer(cell: Cell, base: Text) -> bool:
    mark = cell.metadata.get("fortnight", {})
    if mark.get("mark") == "written":
        return base.place == "days" and mark.get("part") == "text"
    return mark.get("mark") in _OWN_ANSWERS and mark.get("part") == "answer"


def _must_say(text: Text, cells: list[Any], file: Path) -> None:
    wanted = list(_joined((node.cell_type, node.source) for node in _without_answers(text, cells)))
    got = list(_joined((cell.kind, cell.source) for cell in text.cells))
    for number, (one, other) in enumerate(zip([*wanted, None], [*got, None])):
        if one != other:
            shown = repr((one or other or ("", ""))[1][:60])
            raise ManuscriptError(
                f"part {number + 1} cannot be said in the text ({shown}); edit the text itself", path=str(file)
            )


def _joined(cells: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Neighbouring pieces of prose as one, without empty cells: where Markdown is cut is the builder's business."""
    open_prose: list[str] = []
    for kind, source in cells:
        if kind == "markdown":
            open_prose += [prose(source)] if source.strip() else []
            continue
        if not source.strip():
            continue
        if open_prose:
            yield "markdown", "\n\n".join(open_prose)
            open_prose = []
        yield kind, source.rstrip("\n")
    if open_prose:
        yield "markdown", "\n\n".join(open_prose)
