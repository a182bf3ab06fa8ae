"""The learner's folder: a copy of the course that is theirs to change and that an upgrade never overwrites.

What was copied is recorded by hash. On the next start a new file is added, a file that the learner has left alone is
updated, and a file that both have changed is kept, with the course's version put beside it as ``NAME.new.ipynb``.
Running a notebook is not changing it: its hash is taken over the text of its cells.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Change", "copy_course", "fingerprint", "reset", "sources"]

COPIED = ("days/**/*.ipynb", "labs/**/*", "MAP.md")
LEFT_OUT = {".ipynb_checkpoints", "__pycache__", "_build"}


@dataclass(frozen=True)
class Change:
    """What was done with one file of the course."""

    path: str
    kind: Literal["added", "updated", "kept"]

    def sentence(self) -> str:
        """What the learner should know about it."""
        if self.kind != "kept":
            return f"{self.kind} {self.path}"
        offered = beside(Path(self.path)).name
        return f"work/{self.path} is yours and stays as it is; the course's new version lies beside it as {offered}"


def sources(course: Path) -> Iterator[Path]:
    """The files of the course that a learner gets, relative to the course, in order."""
    found = {path.relative_to(course) for pattern in COPIED for path in course.glob(pattern) if path.is_file()}
    yield from sorted(path for path in found if not LEFT_OUT & set(path.parts))


def fingerprint(path: Path) -> str:
    """A hash of what a person wrote in a file: of a notebook's cells without outputs, counts and settings."""
    content = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(content)["cells"]]
            content = json.dumps(cells).encode()
        except (ValueError, KeyError, TypeError):
            pass  # not a notebook any more: its bytes are all there is to compare
    return hashlib.sha256(content).hexdigest()


def beside(path: Path) -> Path:
    """Where the course's version goes when the learner's stays: ``lab.new.ipynb``."""
    return path.with_name(f"{path.stem}.new{path.suffix}")


def copy_course(course: Path, work: Path, manifest: Path) -> list[Change]:
    """Bring the learner's folder up to date and say what changed."""
    copied = read_manifest(manifest)
    changes = list(_copy_each(sources(course), course, work, copied))
    manifest.parent.mkdir(parents=True, exist_ok=True)
    replace_with(manifest, json.dumps(copied, indent=1, sort_keys=True).encode())
    return changes


def _copy_each(paths: Iterable[Path], course: Path, work: Path, copied: dict[str, str]) -> Iterator[Change]:
    for path in paths:
        name, theirs, ours = path.as_posix(), work / path, course / path
        new = fingerprint(ours)
        if not theirs.exists():
            yield Change(name, "added")
            give(ours, theirs)
        else:
            present = fingerprint(theirs)
            if present == copied.get(name) and present != new:
                yield Change(name, "updated")
                give(ours, theirs)
            elif present != new and copied.get(name) != new:
                yield Change(name, "kept")
                give(ours, beside(theirs))
        copied[name] = new


def reset(course: Path, work: Path, path: Path, backups: Path, stamp: str) -> Path | None:
    """Put the course's version of a file back; the learner's goes to ``backups`` first. Returns where."""
    theirs, kept = work / path, None
    if theirs.exists():
        kept = unused(backups / f"{path.stem}-{stamp}{path.suffix}")
        copy(theirs, kept)
    give(course / path, theirs)
    return kept


def give(source: Path, target: Path) -> None:
    """Copy a file of the course; a notebook gets what its kernel will say of itself.

    JupyterLab writes that into every notebook that it opens, and one that says something else would at once be unsaved.
    """
    content = source.read_bytes()
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_with(target, as_opened(content) if source.suffix == ".ipynb" else content)


def as_opened(content: bytes) -> bytes:
    """A notebook's bytes with the language as this environment's kernel describes it; others as they are."""
    try:
        notebook = json.loads(content)
        known = notebook["metadata"]["language_info"]
    except (ValueError, KeyError, TypeError):
        return content
    from ipykernel.ipkernel import IPythonKernel  # takes a moment, and only this needs it

    known.clear()
    known.update(json.loads(json.dumps(IPythonKernel.language_info)))
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def unused(path: Path) -> Path:
    """This path, or the first numbered one after it that does not exist."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def read_manifest(manifest: Path) -> dict[str, str]:
    """What was copied before; nothing where that is not known, so that every difference counts as the learner's."""
    try:
        known = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def copy(source: Path, target: Path) -> None:
    """Copy a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_with(target, source.read_bytes())


def replace_with(target: Path, content: bytes) -> None:
    """Write a file whole or not at all: a full disk leaves the old one."""
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.write_bytes(content)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
