"""``test``: the course's own tests."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import typer

from autograder.cli.endings import BROKEN, ENVIRONMENT, USAGE, Ended
from autograder.cli.places import ROOT

__all__ = ["SETTINGS", "run"]

SETTINGS = {"context_settings": {"allow_extra_args": True, "ignore_unknown_options": True}}
PYTEST_USAGE = 4
WORKERS = 2


def run(context: typer.Context) -> int:
    """Run the course's tests. Everything after `test` goes to pytest, as in: ./fortnight test tests/unit -k outbox"""
    if importlib.util.find_spec("pytest") is None:
        raise Ended("pytest is not installed here: pip install -r requirements-extras.txt", ENVIRONMENT)
    return {0: 0, PYTEST_USAGE: USAGE}.get(
        subprocess.run(command(context.args), cwd=ROOT, check=False).returncode, BROKEN
    )


def command(arguments: list[str]) -> list[str]:
    """What is run: pytest, on two workers unless the arguments say how many; a file's tests stay on one worker."""
    chosen = any(word.startswith(("-n", "--numprocesses", "--dist")) for word in arguments)
    workers = [] if chosen else ["-n", str(WORKERS), "--dist", "loadfile"]
    return [sys.executable, "-m", "pytest", *workers, *arguments]
