"""The journal: everything durable that is not a message, as JSON lines in one file.

Every entry has a ``kind`` and says what now holds. When the broker starts it reads the entries, drops what a kill in
mid-write left at the end, and writes a new journal that holds the same state in as few entries as possible.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["Entry", "Journal", "entries"]

Entry = dict[str, Any]


def entries(path: Path) -> Iterator[Entry]:
    """The whole entries of a journal; a torn last line was never acknowledged to anybody, so it is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            try:
                yield json.loads(line)
            except ValueError:
                return


class Journal:
    """Appends entries; every entry has reached the operating system when `write` returns."""

    def __init__(self, path: Path | None) -> None:
        """A journal without a path keeps nothing: the broker lives in memory alone."""
        self._path = path
        self._file: BinaryIO | None = None

    def write(self, kind: str, **fields: Any) -> None:
        """Note one thing that now holds; nothing is written before the first `rewrite`."""
        if self._file is not None:
            self._file.write(_line({"kind": kind, **fields}))

    def rewrite(self, state: Iterable[Entry]) -> None:
        """Begin a new journal with these entries, in one step: a kill leaves either the old one or the new one."""
        if self._path is None:
            return
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(b"".join(map(_line, state)))
        self.close()
        os.replace(fresh, self._path)
        self._file = self._path.open("ab", buffering=0)

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(entry: Entry) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"
