"""Hand-ins: notebooks as learners gave them, found in a folder and read with care."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.grading.notebook_file import Rejected
from autograder.grading.program import Program
from autograder.grading.submission import read_program
from autograder.labs import Lab

__all__ = ["TIMESTAMP", "HandIn", "as_learner", "find_handins", "read_handin", "solution_ids", "taken"]

TIMESTAMP = "timestamp.txt"
"""nbgrader's name for the file beside a hand-in that says when it was handed in."""
_TIMESTAMP_BYTES_MAX = 100


@dataclass(frozen=True, kw_only=True)
class HandIn:
    """One notebook of one learner, valid or rejected."""

    learner: str
    lab: str
    path: Path
    at: datetime
    """When it was handed in: UTC, without a time zone, as nbgrader keeps it."""
    data: bytes = b""
    sha256: str = ""
    rejected: str = ""
    """Why it cannot be judged; empty for a valid one."""


def as_learner(name: str) -> str:
    """A person's name as the name of a folder: ``Ada Lovelace`` becomes ``Ada-Lovelace``."""
    return re.sub(r"[^\w.@-]+", "-", name.strip()).strip("-.")[:64]


def find_handins(lab: Lab, folder: Path) -> list[HandIn]:
    """The hand-ins of a lab in a folder, by learner.

    Either nbgrader's layout (``LEARNER/LAB/LAB.ipynb``) or a flat folder with one notebook for each learner.
    """
    nested = {path.parent.parent.name: path for path in _nested(lab, folder)}
    flat = {path.stem: path for path in sorted(folder.glob("*.ipynb")) if not path.name.startswith(".")}
    found = nested or {as_learner(stem): path for stem, path in flat.items()}
    return [read_handin(lab, learner, path) for learner, path in sorted(found.items()) if learner]


def _nested(lab: Lab, folder: Path) -> Iterator[Path]:
    """A learner's folder for the lab counts even where the notebook is missing: that hand-in is rejected by its name."""
    for learner in sorted(folder.iterdir()):
        place = learner / lab.name
        if not learner.name.startswith(".") and place.is_dir() and not learner.is_symlink() and not place.is_symlink():
            yield place / f"{lab.name}.ipynb"


def read_handin(lab: Lab, learner: str, path: Path) -> HandIn:
    """Read one hand-in; one that cannot be judged comes back as rejected."""
    at = _handed_in_at(path)
    try:
        program, data = taken(lab, path)
    except Rejected as refusal:
        return HandIn(learner=learner, lab=lab.name, path=path, at=at, sha256=_digest(path), rejected=str(refusal))
    return HandIn(learner=learner, lab=lab.name, path=path, at=at, data=data, sha256=program.sha256)


def solution_ids(lab: Lab) -> frozenset[str]:
    """The grade ids of the cells that the learner fills in; two tasks may share one."""
    return frozenset(f"solution-{task.function}" for task in lab.tasks if task.graded)


def taken(lab: Lab, path: Path) -> tuple[Program, bytes]:
    """The program in a notebook file, and the very bytes that it was read from; raises Rejected."""
    program = read_program(path, lab=lab.name, tasks=solution_ids(lab))
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != program.sha256:
        raise Rejected(f"{path.name} changed while it was read: hand it in again.")
    return program, data


def _digest(path: Path) -> str:
    """Fingerprint of a file that was refused, where it is a plain file at all."""
    try:
        if stat.S_ISREG(path.lstat().st_mode):
            with open(path, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        pass  # then its name and the refusal are all that can be said of it
    return ""


def _handed_in_at(path: Path) -> datetime:
    """What the timestamp beside the notebook says, else when the notebook was last written."""
    said = _timestamp(path.with_name(TIMESTAMP))
    if said is not None:
        return said
    try:
        written = path.lstat().st_mtime
    except OSError:
        written = 0.0
    return datetime.fromtimestamp(int(written), UTC).replace(tzinfo=None)


def _timestamp(path: Path) -> datetime | None:
    """The time in nbgrader's timestamp file; None when there is no plain file that says one."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _TIMESTAMP_BYTES_MAX:
            return None
        text = path.read_text(encoding="utf-8").strip()
        said = datetime.fromisoformat(re.sub(r"\s*(UTC|GMT|Z)$", "+00:00", text).replace(" +", "+", 1))
    except (OSError, ValueError):
        return None
    return said.astimezone(UTC).replace(tzinfo=None) if said.tzinfo else said
