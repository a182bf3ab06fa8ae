"""What stands in the learner's notebook now: the attempt at a task, the text of a written answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["attempt_at", "executed_cells", "fingerprint", "is_untouched", "saved_cells", "saved_text"]

_NO_ANSWER = "YOUR ANSWER HERE"


def saved_cells(folder: Path, page: str) -> list[dict[str, Any]]:
    """The cells of the notebook `page` in `folder`, as it was last saved; none when it cannot be read."""
    try:
        notebook = json.loads((folder / f"{page}.ipynb").read_text("utf-8"))
        return [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def executed_cells() -> list[str]:
    """What was run in this kernel, oldest first; none outside of one."""
    try:
        from IPython import get_ipython
    except ImportError:
        return []
    shell = get_ipython()
    return [str(source) for source in shell.user_ns.get("In", ())] if shell else []


def attempt_at(task: str, cells: Sequence[dict[str, Any]], executed: Sequence[str] = ()) -> str:
    """The learner's newest attempt at a task: the definition that was run last, else the one that was saved."""
    for source in reversed(executed):
        if f"def {task}(" in source:
            return source
    return "\n".join(_source(cell) for cell in cells if _is_attempt(cell, task))


def saved_text(id: str, cells: Sequence[dict[str, Any]]) -> str:
    """The text of the written answer `id`; empty when nothing was written."""
    for cell in cells:
        mark = _mark(cell)
        if mark.get("id") == id and mark.get("part") == "text":
            text = _source(cell).strip()
            return "" if text == _NO_ANSWER else text
    return ""


def is_untouched(attempt: str) -> bool:
    """Whether the attempt is still what the learner was given."""
    return not attempt.strip() or ("# YOUR CODE HERE" in attempt and "raise NotImplementedError()" in attempt)


def fingerprint(attempt: str) -> str:
    """A short name of an attempt; blank lines and spaces at line ends do not change it."""
    lines = [line.rstrip() for line in attempt.split("\n") if line.strip()]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()[:12]


def _is_attempt(cell: dict[str, Any], task: str) -> bool:
    mark = _mark(cell)
    name = str(mark.get("id", ""))
    return mark.get("mark") == "solution" and (name == task or name.startswith(f"{task}-"))


def _mark(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata")
    mark = metadata.get("fortnight") if isinstance(metadata, dict) else None
    return mark if isinstance(mark, dict) else {}


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
