"""How the staged notebooks are run: kernels with a state of their own, and a cache that knows the course's code."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path

__all__ = ["cache_folder", "course_hash", "prepare_kernels"]

IDLE_S = "5"
"""How long the backends outlive the last kernel."""

_CODE = (".py", ".sql", ".json", ".js")


def prepare_kernels(environment: MutableMapping[str, str], root: Path, state: Path) -> None:
    """Let kernels find the course, and give their backends a state folder that nobody's answers are in."""
    environment["FORTNIGHT_STATE"] = str(state)
    environment["FORTNIGHT_IDLE_S"] = IDLE_S
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), environment.get("PYTHONPATH")]))
    environment["MPLCONFIGDIR"] = str(state / "matplotlib")  # its first run would say on stderr that it builds a cache
    shutil.rmtree(state / "learner", ignore_errors=True)
    state.mkdir(parents=True, exist_ok=True)


def cache_folder(root: Path, caches: Path) -> Path:
    """The folder of outputs that this very code made. jupyter-cache compares only the cells, so older ones go."""
    name = course_hash(root)
    for old in caches.glob("*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)
    return caches / name


def course_hash(root: Path) -> str:
    """A short name of everything that decides what a cell shows: the course's code and the pins."""
    digest = hashlib.sha256()
    for path in sorted(_decisive(root)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _decisive(root: Path) -> Iterator[Path]:
    yield from root.glob("requirements*.txt")
    for folder in ("autograder", "shop"):
        yield from (path for path in (root / folder).rglob("*") if path.suffix in _CODE)
