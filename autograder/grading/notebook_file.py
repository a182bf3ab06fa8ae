"""A handed-in notebook file, read with care: whatever lies there becomes plain cells or one sentence of refusal."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CELL_CHARACTERS_MAX", "FILE_MB_MAX", "NotebookCell", "NotebookFile", "Rejected", "read_notebook"]

FILE_MB_MAX = 64
CELL_CHARACTERS_MAX = 200_000
_VALUES_MAX = 1_000_000
"""Lists and objects in the file; more would cost the judge gigabytes, and a notebook has a few thousand."""


class Rejected(Exception):
    """The hand-in cannot be judged; its text is one sentence for the learner, and earlier scores stay."""


@dataclass(frozen=True, kw_only=True)
class NotebookCell:
    """One cell as the file has it."""

    number: int
    """Its place in the notebook, from 1, text cells included."""
    id: str
    kind: str
    source: str
    nbgrader: Mapping[str, Any]
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NotebookFile:
    """The cells of a file and the fingerprint of its bytes."""

    cells: tuple[NotebookCell, ...]
    sha256: str


def read_notebook(path: Path) -> NotebookFile:
    """Read the file at the path; raises Rejected for anything that is not a notebook."""
    data = _read(path)
    notebook = _parse(data, path.name)
    if notebook.get("nbformat") != 4:
        raise Rejected(
            f"{path.name} says it has notebook format {notebook.get('nbformat')!r}; the course uses format 4. "
            "Open it in JupyterLab and save it."
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not cells:
        raise Rejected(f"{path.name} has no cells; take a fresh copy of the lab and put your answers in.")
    taken = tuple(_cell(number, cell, path.name) for number, cell in enumerate(cells, 1))
    return NotebookFile(cells=taken, sha256=hashlib.sha256(data).hexdigest())


def _read(path: Path) -> bytes:
    """The file's bytes; a link is not followed and a pipe is not waited for."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(path, flags)
    except OSError as error:
        raise Rejected(_why_not_opened(path.name, error)) from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise Rejected(f"{path.name} is not a plain file; hand in the notebook itself.")
        if status.st_size > FILE_MB_MAX << 20:
            raise Rejected(_too_large(path.name))
        return _all_of(fd, path.name)
    finally:
        os.close(fd)


def _all_of(fd: int, name: str) -> bytes:
    """Read to the end, or to the limit for a file that grows meanwhile."""
    data = bytearray()
    while chunk := os.read(fd, 1 << 20):
        data += chunk
        if len(data) > FILE_MB_MAX << 20:
            raise Rejected(_too_large(name))
    return bytes(data)


def _too_large(name: str) -> str:
    return f"{name} is larger than {FILE_MB_MAX} MB; clear its outputs (Edit, Clear Outputs of All Cells) and save it."


def _why_not_opened(name: str, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return f"There is no {name}; save the notebook under this name."
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return f"{name} is a link; hand in the notebook itself."
    if error.errno == errno.ENXIO:
        return f"{name} is not a plain file; hand in the notebook itself."
    return f"{name} cannot be read ({error.strerror}); check its permissions."


def _parse(data: bytes, name: str) -> dict[str, Any]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected(f"{name} is not UTF-8 text (byte {error.start}); save it again in JupyterLab.") from error
    if data.count(b"[") + data.count(b"{") > _VALUES_MAX:
        raise Rejected(f"{name} holds more than a million values; clear its outputs and save it.")
    try:
        notebook = json.loads(text)
    except RecursionError as error:
        raise Rejected(f"{name} is nested too deeply to be a notebook; take a fresh copy of the lab.") from error
    except ValueError as error:
        raise Rejected(f"{name} is not a complete notebook ({error}); save it again in JupyterLab.") from error
    if not isinstance(notebook, dict):
        raise Rejected(f"{name} is JSON but not a notebook; take a fresh copy of the lab.")
    return notebook


def _cell(number: int, cell: Any, name: str) -> NotebookCell:
    if not isinstance(cell, dict):
        raise Rejected(f"Cell {number} of {name} is not a cell; take a fresh copy of the lab and put your answers in.")
    source = _source(cell.get("source"))
    if source is None:
        raise Rejected(f"Cell {number} of {name} has no readable text; write it again in a new copy of the lab.")
    if len(source) > CELL_CHARACTERS_MAX:
        raise Rejected(f"Cell {number} of {name} is longer than {CELL_CHARACTERS_MAX:,} characters; shorten it.")
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    nbgrader, tags = metadata.get("nbgrader"), metadata.get("tags")
    return NotebookCell(
        number=number,
        id=str(cell.get("id", ""))[:64],
        kind=str(cell.get("cell_type", ""))[:16],
        source=source,
        nbgrader=nbgrader if isinstance(nbgrader, dict) else {},
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
    )


def _source(value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "".join(value)
    return value if isinstance(value, str) else None
