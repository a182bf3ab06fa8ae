"""``hint``: the next rung of a task's three hints."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.arguments import Lab
from autograder.cli.places import notebook_of, task_of
from autograder.cli.screen import asks, say

__all__ = ["run"]


def run(lab: Lab, task: Annotated[str, typer.Argument(metavar="TASK", help="The task, as relay.")]) -> None:
    """Open the next hint: where to look, then which idea, then the skeleton. Hints cost nothing."""
    task = task_of(lab, task)
    notebook_of(lab)
    from autograder.grading import api

    say(api.hint(lab, task, asks))
