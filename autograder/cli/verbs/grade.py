"""``grade``: the hand-ins of a class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.arguments import Lab
from autograder.cli.endings import USAGE, Ended
from autograder.cli.screen import say, working

__all__ = ["run"]


def run(
    lab: Lab,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER",
            help="Hand-ins as nbgrader collects them: LEARNER/LAB/LAB.ipynb. Without: those of `submit`.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """For teachers: judge the hand-ins of a lab, fill nbgrader's gradebook and print the table."""
    from autograder import labs

    name = labs.named(lab)
    if folder is not None and not folder.is_dir():
        raise Ended(f"There is no folder {folder} with hand-ins.", USAGE)
    from autograder.grading import api

    with working(f"Grading {name}") as tell:
        table = api.grade(name, folder, progress=tell)
    say(str(table))
    return table.exit_code
