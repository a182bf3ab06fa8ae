"""The file behind one Kafka partition: record batches one after the other, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from autograder.backends.kafka.batch import Batch, whole

__all__ = ["LogFile"]


class LogFile:
    """Appends whole batches; every append has reached the operating system when it returns.

    There is no fsync, as in Kafka's default: what is acknowledged survives a crash of the process, not of the machine.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def load(self) -> list[Batch]:
        """All batches that are whole; a torn tail, as a kill in mid-write leaves it, is cut off."""
        if not self._path.exists():
            return []
        data = self._path.read_bytes()
        batches = list(whole(data))
        size = sum(len(batch.raw) for batch in batches)
        if size < len(data):
            with self._path.open("r+b") as file:
                file.truncate(size)
        return batches

    def append(self, batch: Batch) -> None:
        """Store one more batch."""
        if self._file is None:
            self._file = self._path.open("ab", buffering=0)
        self._file.write(batch.raw)

    def rewrite(self, batches: Iterable[Batch]) -> None:
        """Replace everything by these batches."""
        self.close()
        self._path.write_bytes(b"".join(batch.raw for batch in batches))

    def delete(self) -> None:
        """The topic is gone."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the file handle back."""
        if self._file is not None:
            self._file.close()
            self._file = None
