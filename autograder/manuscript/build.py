"""The whole chain as one function: from the texts of a clone to every file that is built from them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.notebook.bank import Item

from .errors import ManuscriptError
from .pages import Text, notebook, read_text
from .points import PointsOf, points_of_lab
from .release import released
from .segments import Place

__all__ = ["ITEMS_FOLDER", "ROOT", "Built", "build", "read_texts", "text_of_notebook"]

ROOT = Path(__file__).resolve().parent.parent.parent
ITEMS_FOLDER = "autograder/notebook/items"
_PLACES: tuple[Place, ...] = ("days", "labs", "items")
_NAME = re.compile(r"(day|lab)\d\d(_[a-z0-9_]+)?")


@dataclass(frozen=True)
class Built:
    """Everything that the chain makes, by path from the root of the clone."""

    files: dict[str, str]
    texts: tuple[Text, ...]


def build(root: Path = ROOT, *, names: Iterable[str] = (), points_of: PointsOf = points_of_lab) -> Built:
    """Build every notebook and the bank from the texts under `root`; writes nothing.

    `names` are beginnings of texts (``day06``, ``lab06_outbox``); without any, all are built.
    """
    wanted = tuple(names)
    texts = [text for text in read_texts(root, points_of=points_of) if not wanted or text.name.startswith(wanted)]
    if wanted and not texts:
        raise ManuscriptError(f"no text begins with {' or '.join(wanted)}; texts stand in manuscript/")
    files = {f"{ITEMS_FOLDER}/{text.name}.json": text.page().to_json() for text in texts if text.page().items}
    files |= {f"days/{text.name}.ipynb": notebook(text) for text in texts if text.place == "days"}
    solutions = {text.name: notebook(text) for text in texts if text.place == "labs"}
    files |= {f"solutions/{name}/{name}.ipynb": source for name, source in solutions.items()}
    labs = released(solutions, config_file=root / "nbgrader_config.py")
    files |= {f"labs/{name}/{name}.ipynb": source for name, source in labs.items()}
    return Built(files, tuple(texts))


def read_texts(root: Path, *, points_of: PointsOf = points_of_lab) -> list[Text]:
    """All texts of a clone; ids must be unique over all of them."""
    texts = []
    for place in _PLACES:
        for file in sorted((root / "manuscript" / place).glob("*.md")):
            path = file.relative_to(root).as_posix()
            if not _NAME.fullmatch(file.stem):
                raise ManuscriptError(f"call it dayNN_topic.md or labNN_topic.md, not {file.name}", path=path)
            text = file.read_text("utf-8")
            texts.append(read_text(text, name=file.stem, place=place, path=path, points_of=points_of))
    _lint_ids(texts)
    return texts


def text_of_notebook(root: Path, file: Path) -> tuple[Place, Path]:
    """The text that a built notebook comes from."""
    place: Place
    try:
        relative = file.resolve().relative_to(root.resolve()).parts
    except ValueError:
        raise ManuscriptError(f"this notebook does not stand in {root}", path=str(file)) from None
    if len(relative) == 2 and relative[0] == "days":
        place = "days"
    elif len(relative) == 3 and relative[0] == "solutions":
        place = "labs"
    elif relative[:1] == ("labs",):
        raise ManuscriptError(
            "labs/ is made by nbgrader; edit the notebook in solutions/ and import that one", path=str(file)
        )
    else:
        raise ManuscriptError("import takes a notebook of days/ or solutions/", path=str(file))
    return place, root / "manuscript" / place / f"{file.stem}.md"


def _lint_ids(texts: list[Text]) -> None:
    homes: dict[str, str] = {}
    for text in texts:
        for item in text.page().items:
            if item.id in homes:
                line = _line_of(text, item)
                raise ManuscriptError(f"the id {item.id!r} stands in {homes[item.id]} too", path=text.path, line=line)
            homes[item.id] = text.path
    prefixes: dict[str, str] = {}
    for text in (text for text in texts if text.place != "items"):
        prefix = text.name.partition("_")[0]
        if prefix in prefixes:
            raise ManuscriptError(f"{prefixes[prefix]} has the same number", path=text.path, line=1)
        prefixes[prefix] = text.path


def _line_of(text: Text, item: Item) -> int:
    return next((segment.line for segment, _ in text.parts if segment.name == item.id), 1)
