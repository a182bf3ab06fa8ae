"""``test``: the course's own tests."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Annotated

import typer

from autograder.backends.worlds import WorldName
from autograder.cli.arguments import World, use_world
from autograder.cli.endings import BROKEN, ENVIRONMENT, USAGE, Ended
from autograder.cli.places import ROOT

__all__ = ["SETTINGS", "run"]

SETTINGS = {"context_settings": {"allow_extra_args": True, "ignore_unknown_options": True}}
PYTEST_USAGE = 4
WORKERS = 2


def run(
    context: typer.Context,
    world: World = None,
    worlds: Annotated[
        bool, typer.Option("--worlds", help="Judge every kept program in every world that this machine has.")
    ] = False,
) -> int:
    """Run the course's tests. Everything after `test` goes to pytest, as in: ./fortnight test tests/unit -k outbox

    With --world, the contract suite asks that world. With --worlds, a table says what each world's verdict is.
    """
    if importlib.util.find_spec("pytest") is None:
        raise Ended("pytest is not installed here: pip install -r requirements-extras.txt", ENVIRONMENT)
    if not worlds:
        use_world(world)
    words = comparison(context.args, world) if worlds else command(context.args)
    return {0: 0, PYTEST_USAGE: USAGE}.get(subprocess.run(words, cwd=ROOT, check=False).returncode, BROKEN)


def comparison(arguments: list[str], world: WorldName | None) -> list[str]:
    """What is run for a table: all worlds, or the embedded one beside the one that was named."""
    chosen = ["--world", "embedded", "--world", world] if world else []
    return [sys.executable, "-m", "tests.worlds", *chosen, *arguments]


def command(arguments: list[str]) -> list[str]:
    """What is run: pytest, on two workers unless the arguments say how many; tests/groups.py says which tests stay together."""
    chosen = any(word.startswith(("-n", "--numprocesses", "--dist")) for word in arguments)
    workers = [] if chosen else ["-n", str(WORKERS), "--dist", "loadscope"]
    return [sys.executable, "-m", "pytest", *workers, *arguments]
