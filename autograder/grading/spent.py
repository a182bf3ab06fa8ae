"""Incidents of lab 11 that were answered wrongly: each is marked once, and the next one of that name is another.

A learner's own checks and replays count in the learner's own file. A class is graded by what ``grade`` itself has seen of a
learner: :func:`seen_of` is that, and :func:`keep` adds to it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from autograder.backends import BackendError
from autograder.backends.state import state_folder
from autograder.grading.course import Course, write_whole
from autograder.grading.program import Program
from autograder.labs import Lab
from autograder.labs.codes import NoSuchCode
from autograder.labs.lab11_spent import OWNER, SPENT, belongs, name_for, spend, spent_answers

__all__ = ["count", "counting", "keep", "not_own", "seen_of", "spent_file"]

_CODE = re.compile(r"[\"']([^\"'\s]+-\d+-[0-9a-f]{4})[\"']")


def spent_file() -> Path:
    """Where a learner's own are kept."""
    return state_folder() / "learner" / "incidents.json"


def count() -> None:
    """From now on this process, and the lanes that it opens, count in the learner's own file."""
    os.environ[SPENT] = str(spent_file())


@contextmanager
def counting(learner: str, seen: Mapping[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """Mark incidents of this learner alone, as somebody who has seen these wrong answers; what comes to be spent is in the dict.

    For a process that judges one hand-in: the lanes that it opens meanwhile inherit it.
    """
    file, found = folder / "incidents.json", dict[str, str]()
    for code, answer in seen.items():
        spend(file, code, answer)
    before = {name: os.environ.pop(name, None) for name in (OWNER, SPENT)}
    os.environ.update({SPENT: str(file), **({OWNER: learner} if learner else {})})
    try:
        yield found
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        found.update({code: answer for code, answer in spent_answers(file).items() if code not in seen})


def not_own(lab: Lab, program: Program, learner: str) -> list[str]:
    """What a learner should hear before a class is graded: that an incident in the sheet was drawn from another name.

    It reads the text of the cell, so it is a warning and no verdict.
    """
    if lab.number != 11:
        return []
    said = []
    for code in dict.fromkeys(code for cell in program.cells if cell.task == "solution-incident" for code in _CODE.findall(cell.source)):
        try:
            own = belongs(code, learner)
        except NoSuchCode:
            continue
        if not own:
            said.append(
                f"Incident {code} was not drawn from {learner!r}, under which this is handed in, so it will not be marked: hand in with"
                f" --learner and the name that it was drawn from, or draw from {name_for(learner)!r}."
            )
    return said


def seen_of(course: Course, learner: str) -> dict[str, str]:
    """The wrong answers that were graded before in this class, by incident."""
    return dict(_seen(course).get(learner, {}))


def keep(course: Course, learner: str, spent: Mapping[str, str]) -> None:
    """Add what a hand-in of this learner has spent; raises BackendError where that cannot be written."""
    if spent:
        seen = _seen(course)
        seen[learner] = {**spent, **seen.get(learner, {})}
        write_whole(course.incidents, (json.dumps(seen, indent=1, sort_keys=True) + "\n").encode())


def _seen(course: Course) -> dict[str, dict[str, str]]:
    try:
        return dict(json.loads(course.incidents.read_text("utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        raise BackendError(
            f"{course.incidents} cannot be read ({error}), and it says which incidents the class has answered: mend it or move it away."
        ) from error
