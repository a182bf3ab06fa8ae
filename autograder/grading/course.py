"""Course: where a clone keeps what was handed in and what came of it, in nbgrader's own layout."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.backends import ROOT, BackendError

__all__ = ["Course", "write_whole"]


@dataclass(frozen=True, kw_only=True)
class Course:
    """A clone as nbgrader sees it; see nbgrader_config.py, which names the same folders."""

    root: Path = ROOT

    @property
    def work(self) -> Path:
        """nbgrader's working state, git-ignored."""
        return self.root / ".nbgrader"

    @property
    def submitted(self) -> Path:
        """LEARNER/LAB/LAB.ipynb as handed in."""
        return self.work / "submitted"

    @property
    def gradebook_url(self) -> str:
        """nbgrader's database."""
        return f"sqlite:///{self.work / 'gradebook.db'}"

    @property
    def records(self) -> Path:
        """What became of every hand-in that was graded, one JSON line each."""
        return self.work / "handins.jsonl"

    @property
    def incidents(self) -> Path:
        """The incidents of lab 11 that were answered wrongly in hand-ins of this class: by learner, then by code."""
        return self.work / "incidents.json"

    def submission(self, learner: str, lab: str) -> Path:
        """A learner's hand-in of a lab."""
        return self.submitted / learner / lab / f"{lab}.ipynb"

    def autograded(self, learner: str, lab: str) -> Path:
        """The hand-in with its reports, for the formgrader."""
        return self.work / "autograded" / learner / lab / f"{lab}.ipynb"

    def feedback(self, learner: str, lab: str) -> Path:
        """The page that the learner gets back."""
        return self.work / "feedback" / learner / lab / f"{lab}.html"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; what stood there before stays until then. Raises BackendError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(draft, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise BackendError(
            f"{path} could not be written ({error.strerror or error}), so nothing was changed: make room, or make its "
            "folder writable, and try again."
        ) from error
