"""Do the committed notebooks still say what the texts say?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .build import ITEMS_FOLDER, Built

__all__ = ["Drift", "drift", "write"]

_BUILT = ("days/*.ipynb", "solutions/*/*.ipynb", "labs/*/*.ipynb", f"{ITEMS_FOLDER}/*.json")


@dataclass(frozen=True)
class Drift:
    """One built file that differs from its text, and the command that mends it."""

    path: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path} does not say what its text says. {self.mend}"


def drift(built: Built, root: Path) -> list[Drift]:
    """Every built file that is missing, different or left over, in order of its path."""
    found = [_differs(path) for path, text in built.files.items() if _read(root / path) != text]
    there = {file.relative_to(root).as_posix() for pattern in _BUILT for file in root.glob(pattern)}
    found += [Drift(path, f"No text makes it: git rm {path}") for path in there - set(built.files)]
    return sorted(found, key=lambda one: one.path)


def write(built: Built, root: Path) -> list[str]:
    """Write what differs, and return the paths that were written."""
    changed = [path for path, text in built.files.items() if _read(root / path) != text]
    for path in changed:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(built.files[path].encode("utf-8"))
    return changed


def _differs(path: str) -> Drift:
    mend = "After an edit of the text: python -m autograder.manuscript build"
    if path.startswith(("days/", "solutions/")):
        mend += f". After an edit in JupyterLab: python -m autograder.manuscript import {path}"
    return Drift(path, mend)


def _read(file: Path) -> str | None:
    return file.read_bytes().decode("utf-8") if file.exists() else None
