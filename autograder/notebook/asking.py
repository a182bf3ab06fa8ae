"""Asking: what a cell wants of the judge, who works in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.backends import BackendError, run_job
from autograder.notebook.trouble import Trouble

__all__ = ["asked"]


def _silent(line: str) -> None:
    """Nobody listens."""


def asked(request: Mapping[str, Any], say: Callable[[str], None] = _silent) -> Mapping[str, Any]:
    """The judge's result; raises Trouble with its sentence when it cannot do what is asked."""
    for row in run_job("autograder.grading.service", dict(request)):
        if "error" in row:
            raise Trouble(row["error"])
        if "progress" in row:
            say(row["progress"])
        if "result" in row:
            return dict(row["result"])
    raise BackendError("The judge ended without an answer: run the cell again.")
