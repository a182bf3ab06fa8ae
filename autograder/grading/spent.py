"""Incidents of lab 11 that this learner has answered wrongly: each is marked once, and the next one of that name is another.

Only checks of the learner's own count; a class is graded by what is handed in.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from autograder.backends.state import state_folder
from autograder.grading.verdict import Verdict
from autograder.labs.lab11_incidents import SPENT, spend

__all__ = ["count", "note", "spent_file"]

_OVER = re.compile(r"incident (\S+) is over")


def spent_file() -> Path:
    """Where they are kept."""
    return state_folder() / "learner" / "incidents.json"


def count() -> None:
    """From now on this process, and the lanes that it opens, refuse an incident that was answered wrongly before."""
    os.environ[SPENT] = str(spent_file())


def note(verdict: Verdict) -> None:
    """Keep the incident that this verdict has found to be answered wrongly, if it has."""
    for task in verdict.tasks:
        violations = task.counterexample.violations if task.counterexample is not None else ()
        for found in filter(None, (_OVER.search(one.evidence) for one in violations)):
            with suppress(OSError):  # a full disk costs nobody their points: the same incident may then be answered again
                spend(spent_file(), found[1])
