"""How a command ends: an exit code that scripts can use, and one sentence for the person at the keyboard.

| code | meaning |
|---|---|
| 0 | it went well: the check passed, the thing was done |
| 1 | a check is not passed, a test failed |
| 2 | the command was given something wrong: a lab that does not exist, a notebook that cannot be read |
| 3 | something around the course is missing or down: a package, a backend, disk space, a port |
| 4 | the grader broke: never the learner's loss |
| 130 | stopped with Ctrl-C |
"""

from __future__ import annotations

import errno
import functools
import os
import traceback
from collections.abc import Callable
from typing import Any

import typer

from autograder.backends.errors import BackendError
from autograder.backends.state import ROOT, make_folder, state_folder
from autograder.cli.screen import complain

__all__ = ["BROKEN", "CANCELLED", "ENVIRONMENT", "GRADER_ERROR", "OK", "USAGE", "Ended", "ends_well", "of_verdict"]

OK, BROKEN, USAGE, ENVIRONMENT, GRADER_ERROR, CANCELLED = 0, 1, 2, 3, 4, 130

OF_ERROR = {
    "UnknownLab": USAGE,
    "BadRunName": USAGE,
    "Rejected": USAGE,
    "ManuscriptError": USAGE,
    "BackendError": ENVIRONMENT,
    "BackendStuck": ENVIRONMENT,
    "SubjectUnavailable": ENVIRONMENT,
}
"""What errors of the layers below end with; by name, so that a verb loads only the layers that it uses."""

OF_VERDICT = {
    "passed": OK,
    "broken": BROKEN,
    "unknown": BROKEN,
    "unanswered": BROKEN,
    "rejected": USAGE,
    "error": GRADER_ERROR,
}


class Ended(Exception):
    """The command cannot go on; says why and what to do, and with which code it ends."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def of_verdict(verdict: str) -> int:
    """The exit code of a check with this verdict."""
    return OF_VERDICT[verdict]


def ends_well(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Run a verb so that it ends with a code and, when it fails, with one sentence; a number it returns is its code."""

    @functools.wraps(verb)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            code = verb(*args, **kwargs) or OK
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            complain("Stopped. Nothing is lost.")
            code = CANCELLED
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            code = OK
        except Exception as error:
            code, sentence = explain(error)
            complain(sentence)
        raise typer.Exit(code)

    return run


def explain(error: Exception) -> tuple[int, str]:
    """The exit code and the sentence for an error: theirs, the machine's, or ours."""
    if isinstance(error, Ended):
        return error.exit_code, str(error)
    for kind in type(error).__mro__:
        if kind.__name__ in OF_ERROR and kind.__module__.startswith("autograder."):
            return OF_ERROR[kind.__name__], str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            ENVIRONMENT,
            f"The disk is full: {error.filename or 'a file'} could not be written. Make room and try again.",
        )
    if isinstance(error, ImportError) and not (error.name or "").startswith(("autograder", "shop")):
        return (
            ENVIRONMENT,
            f"The package {error.name} is missing from the environment or is damaged: `./fortnight doctor` says what mends it.",
        )
    return (
        GRADER_ERROR,
        f"The grader broke ({type(error).__name__}: {error}); nothing of yours is lost. {record(error)}",
    )


def record(error: Exception) -> str:
    """Keep the traceback for whoever mends the grader; says where it lies."""
    try:
        path = make_folder(state_folder() / "errors") / f"{os.getpid()}.txt"
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except (BackendError, OSError):
        return "Its story could not be written to disk."
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return f"Its story is in {shown}: please send it to whoever looks after the course."
