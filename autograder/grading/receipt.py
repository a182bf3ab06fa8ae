"""Submit: the notebook on disk, and nothing else, becomes a hand-in, and its learner gets a receipt."""

from __future__ import annotations

import getpass
import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.backends import BackendError, state_folder
from autograder.grading.course import Course, write_whole
from autograder.grading.handins import TIMESTAMP, as_learner, taken
from autograder.grading.notebook_file import Rejected
from autograder.grading.program import Program
from autograder.grading.scores import add_line
from autograder.grading.spent import not_own
from autograder.labs import Lab, find

__all__ = ["Receipt", "hand_in", "handins_folder", "learner_name", "missing"]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The proof of a hand-in."""

    lab: str
    learner: str
    at: str
    """UTC, ISO 8601, whole seconds."""
    sha256: str
    """Of the file's bytes."""
    path: str
    """The copy that is the hand-in."""
    missing: tuple[str, ...] = ()
    """What is not in it, one sentence each."""

    @property
    def text(self) -> str:
        """What the learner reads."""
        lab = find(self.lab)
        lines = [
            f"Handed in: lab {lab.number}, {lab.title}, by {self.learner}.",
            f"  time     {self.at.replace('T', ' ').replace('+00:00', '')} UTC",
            f"  sha256   {self.sha256}",
            f"  kept as  {self.path}",
            *(f"  missing  {sentence}" for sentence in self.missing),
        ]
        complete = "" if self.missing else " Nothing is missing."
        return "\n".join([*lines, f"The last valid hand-in counts.{complete}"])


def handins_folder() -> Path:
    """Where every hand-in of this learner is kept; none is ever overwritten."""
    return state_folder() / "learner" / "handins"


def learner_name() -> str:
    """The learner as git knows them, else as the system does."""
    with suppress(OSError, subprocess.SubprocessError):
        asked = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, timeout=5, check=False, stdin=subprocess.DEVNULL
        )
        if as_learner(asked.stdout):
            return as_learner(asked.stdout)
    with suppress(OSError, KeyError):
        return as_learner(getpass.getuser()) or "learner"
    return "learner"


def hand_in(
    lab: Lab, notebook: Path, *, learner: str | None = None, course: Course | None = None, now: datetime | None = None
) -> Receipt:
    """Hand a notebook in. Raises Rejected (recorded, and the hand-in before it counts) or BackendError (full disk)."""
    name = as_learner(learner) if learner else learner_name()
    if not name:
        raise Rejected(f"{learner!r} is no name for a learner: use letters and digits.")
    at = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    try:
        program, data = taken(lab, notebook)
    except Rejected as refusal:
        _record({"lab": lab.name, "learner": name, "at": at.isoformat(), "state": "rejected", "said": str(refusal)})
        raise Rejected(f"{refusal} This hand-in was not taken; the one before it, if there was one, still counts.") from None
    kept = _unused(handins_folder() / f"{lab.name}-{at:%Y%m%dT%H%M%SZ}-{program.sha256[:12]}.ipynb")
    write_whole(kept, data)
    submission = (course or Course()).submission(name, lab.name)
    write_whole(submission, data)
    write_whole(submission.with_name(TIMESTAMP), f"{at:%Y-%m-%d %H:%M:%S} UTC\n".encode())
    receipt = Receipt(
        lab=lab.name, learner=name, at=at.isoformat(), sha256=program.sha256, path=str(submission), missing=missing(lab, program, name)
    )
    _record({**asdict(receipt), "state": "valid"})
    return receipt


def _unused(path: Path) -> Path:
    """The same notebook twice within a second is one file; nothing else is ever overwritten."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def _record(row: Mapping[str, object]) -> None:
    folder = handins_folder()
    try:
        add_line(folder / "handins.jsonl", json.loads(json.dumps(row)))
    except OSError as error:
        raise BackendError(
            f"{folder} could not be written ({error.strerror or error}): make room and hand in again."
        ) from error


def missing(lab: Lab, program: Program, learner: str = "") -> tuple[str, ...]:
    """What the hand-in lacks, task by task: a cell that cannot be judged, a function not written yet, an incident of one's own."""
    said: dict[str, None] = {}
    for task in (task for task in lab.tasks if task.graded):
        lost = program.lost.get(f"solution-{task.function}")
        if lost:
            said[lost] = None
        elif not program.is_attempted(task.function):
            said[f"{task.function} is not written yet{' (stretch)' if task.stretch else ''}."] = None
    return (*said, *not_own(lab, program, learner)) if learner else tuple(said)
