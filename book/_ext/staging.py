"""Staging: the committed notebooks as pages of the site, in folders of the book that git ignores.

Every day becomes a page. Of a lab its introduction does: the story, the rules and the run that breaks. Learning pieces
become forms, links lead to pages of the site, and a file that would not change keeps its time, so that the next build
finds nothing to do.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.manuscript.pieces import staged
from autograder.notebook.bank import Bank, bank

__all__ = ["day_page", "lab_page", "relinked", "stage"]

Cell = dict[str, Any]

_LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
_PLOT_TITLE = re.compile(r"""\.(?:set_|sup)?title\(["'](.+?)["']""")
_WATERFALL = re.compile(r"\bwaterfall\(")
_FIRST_TASK = "## Task 1"


def stage(root: Path, book: Path) -> None:
    """Write the pages of all days and labs into the book, and remove those whose notebook is gone."""
    items = bank()
    _write(book / "days", {path.name: day_page(_read(path), path, root, items) for path in root.glob("days/*.ipynb")})
    labs = {path.name: lab_page(_read(path), path, root, items) for path in root.glob("labs/*/*.ipynb")}
    _write(book / "labs", labs)


def day_page(notebook: Mapping[str, Any], path: Path, root: Path, items: Bank) -> dict[str, Any]:
    """A day as a page: all of it, with forms in place of the learning pieces."""
    cells = staged(notebook["cells"], path.stem, items)
    page = path.relative_to(root).as_posix()
    return _page(notebook, [cells[0], _note(_day_note(page)), *cells[1:]], page)


def lab_page(notebook: Mapping[str, Any], path: Path, root: Path, items: Bank) -> dict[str, Any]:
    """The introduction of a lab as a page, and where to go on."""
    cells = staged(_introduction(notebook["cells"]), path.stem, items)
    page = path.relative_to(root).as_posix()
    hidden = _where_the_notebook_is(path, root)
    return _page(notebook, [cells[0], _note(_lab_note(path.stem)), hidden, *cells[1:], _note(_go_on(path.stem))], page)


def relinked(text: str, page: str) -> str:
    """Markdown of the notebook `page` with its links as they are in the book."""
    return _LINK.sub(lambda link: _target(link[0], page), text)


def _target(link: str, page: str) -> str:
    if "://" in link or link.startswith(("#", "mailto:")):
        return link
    path, _, anchor = link.partition("#")
    there = PurePosixPath(os.path.normpath(PurePosixPath(page).parent / path))
    if there.parts[0] == "book":
        found = PurePosixPath(*there.parts[1:])
    elif there.parts[0] == "labs":
        found = PurePosixPath("labs", there.name)
    elif there.parts[0] == "days":
        found = there
    else:
        raise ValueError(f"{page} links to {link}, which is no page of the book: link to a day, a lab or book/.")
    return f"../{found}" + (f"#{anchor}" if anchor else "")


def _page(notebook: Mapping[str, Any], cells: Iterable[Cell], page: str) -> dict[str, Any]:
    made = [_cell(cell, page) for cell in cells]
    metadata = {key: notebook["metadata"][key] for key in ("kernelspec", "language_info")}
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(cell: Cell, page: str) -> Cell:
    """A cell without nbgrader's marks; prose with its links as they are in the book."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return {"cell_type": "markdown", "id": cell["id"], "metadata": {}, "source": relinked(source, page)}
    code = {"execution_count": None, "outputs": []}
    return {"cell_type": "code", "id": cell["id"], "metadata": _shown(cell, source), "source": source, **code}


def _shown(cell: Cell, source: str) -> dict[str, Any]:
    """What the site has to know of a code cell: its tags, and what its plot is called where it draws one."""
    metadata = cell.get("metadata", {})
    tags = list(metadata.get("tags", ()))
    if cell["cell_type"] == "code" and metadata.get("fortnight", {}).get("id") == "setup":
        tags.append("remove-output")  # addresses of a machine that the reader does not sit at
    shown: dict[str, Any] = {"tags": tags} if tags else {}
    if title := _PLOT_TITLE.search(source):
        shown["mystnb"] = {"image": {"alt": f"A plot: {title[1]}. The text below reads it."}}
    elif _WATERFALL.search(source):
        shown["mystnb"] = {"image": {"alt": "A waterfall of spans, each below its parent. The text beside it reads it."}}
    return shown


def _introduction(cells: list[Cell]) -> list[Cell]:
    """A lab up to its first task."""
    for number, cell in enumerate(cells):
        if "".join(cell["source"]).startswith(_FIRST_TASK):
            return cells[:number]
    return cells


def _note(text: str) -> Cell:
    return {"cell_type": "markdown", "id": f"site-{len(text)}", "metadata": {}, "source": text}


def _day_note(page: str) -> str:
    return (
        ":::{admonition} Read here, run there\n:class: fortnight-run\n"
        f"This page is the notebook `{page}`; its outputs come from a real run. To run and change it yourself:"
        " `./fortnight start`. What you answer here stays in this browser, and the first answer counts.\n:::"
    )


def _lab_note(lab: str) -> str:
    return (
        ":::{admonition} The lab is done in JupyterLab\n:class: fortnight-run\n"
        "Here you read its rules and watch a first version break. To write your own: `./fortnight start`, then open"
        f" `labs/{lab}/{lab}.ipynb`.\n:::"
    )


def _go_on(lab: str) -> str:
    number = int(lab[3:5])
    return (
        "## Now you\n\n"
        f"The tasks, their checks and three hints for each of them wait in `labs/{lab}/{lab}.ipynb`.\n\n"
        "```console\n"
        f"./fortnight start      # opens JupyterLab on your own work/ folder\n"
        f"./fortnight check {number}    # judges what you have saved, in the terminal\n"
        f"./fortnight hint {number}     # the hints, without a notebook\n"
        "```\n\n"
        f"How the verdict comes about, and what it does not show: [How grading works](../../book/grading.md)."
    )


def _where_the_notebook_is(path: Path, root: Path) -> Cell:
    """A cell that nobody sees: what is judged here is the lab's own notebook, not its page."""
    there = os.path.relpath(path, root / "book" / "labs")
    source = f'import os\n\nos.environ["JPY_SESSION_NAME"] = {there!r}'
    return {"cell_type": "code", "id": "site-notebook", "metadata": {"tags": ["remove-cell"]}, "source": source}


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8")))


def _write(folder: Path, pages: Mapping[str, Mapping[str, Any]]) -> None:
    folder.mkdir(exist_ok=True)
    for name, page in pages.items():
        text = json.dumps(page, indent=1, ensure_ascii=False) + "\n"
        file = folder / name
        if not file.exists() or file.read_text("utf-8") != text:  # an unchanged file keeps its time
            file.write_text(text, "utf-8")
    for old in folder.glob("*.ipynb"):
        if old.name not in pages:
            old.unlink()
