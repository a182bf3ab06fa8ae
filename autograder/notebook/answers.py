"""What a learner answered, kept on disk: JSON lines that are only ever appended to.

One line is one `Record`, written by one system call under a lock and synced before the answer is shown. So two
notebooks may write at once, and a kill -9 costs at most the line that was being written; a torn line is skipped.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from autograder.backends.state import state_folder

__all__ = ["Answers", "Kind", "Record", "answers_file"]

Kind = Literal["predict", "outcome", "quiz", "recall", "review", "draw", "hint", "hint-asked", "written", "commit"]


@dataclass(frozen=True, kw_only=True)
class Record:
    """One thing that a learner answered or opened."""

    kind: Kind
    id: str
    at: datetime
    """With its time zone."""
    answer: str = ""
    right: bool | None = None
    """None where nothing is right or wrong."""
    belief: str | None = None
    """The wrong belief behind a wrong answer."""
    rung: int = 0
    attempt: str = ""
    """A fingerprint of the learner's code when a hint was opened."""
    items: tuple[str, ...] = ()
    """The questions that were drawn."""

    def to_line(self) -> bytes:
        """One JSON line; what has its default value is left out."""
        told = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        told["at"] = self.at.astimezone(timezone.utc).isoformat()
        return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


_NAMES = {field.name for field in fields(Record)}


def answers_file() -> Path:
    """Where this learner's answers are kept."""
    return state_folder() / "learner" / "answers.jsonl"


@dataclass(frozen=True)
class Answers:
    """The answers in one file."""

    file: Path

    def records(self) -> tuple[Record, ...]:
        """Everything that was kept, oldest first."""
        return tuple(self._read())

    def of(self, kind: Kind, id: str) -> tuple[Record, ...]:
        """What was kept of this kind under this id, oldest first."""
        return tuple(record for record in self._read() if record.kind == kind and record.id == id)

    def first(self, kind: Kind, id: str) -> Record | None:
        """The first answer; it is the one that counts."""
        return next(iter(self.of(kind, id)), None)

    def keep(self, record: Record) -> str:
        """Append a record; returns an empty string, or a sentence for the learner when the disk refuses."""
        try:
            self._append(record.to_line())
        except OSError as error:
            return f"This answer is not kept: {self.file} cannot be written ({error.strerror or error})."
        return ""

    def _append(self, line: bytes) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, b"\n" + line if torn else line)
            os.fsync(handle)
        finally:
            os.close(handle)  # This gives the lock back too.

    def _read(self) -> Iterator[Record]:
        try:
            lines = self.file.read_bytes().split(b"\n")
        except OSError:
            return
        for line in lines:
            record = _record(line)
            if record:
                yield record


def _record(line: bytes) -> Record | None:
    try:
        told: dict[str, Any] = json.loads(line)
        told = {key: value for key, value in told.items() if key in _NAMES}
        at = datetime.fromisoformat(told.pop("at"))
        items = tuple(str(item) for item in told.pop("items", ()))
        return Record(**told, at=at if at.tzinfo else at.replace(tzinfo=timezone.utc), items=items)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
