"""``hint``: the next rung of a task's three hints."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from autograder.cli.arguments import Lab
from autograder.cli.endings import USAGE, Ended
from autograder.cli.places import notebook_of, task_of
from autograder.cli.screen import say

__all__ = ["run"]


def run(lab: Lab, task: Annotated[str, typer.Argument(metavar="TASK", help="The task, as relay.")]) -> None:
    """Open the next hint: where to look, then which idea, then the skeleton. Hints cost nothing.

    With an unchanged attempt it asks once whether you want to try first; the same command again opens the hint.
    """
    task = task_of(lab, task)
    notebook = notebook_of(lab)
    from autograder.notebook.attempt import attempt_at, saved_cells
    from autograder.notebook.bank import Hints
    from autograder.notebook.hint import hint_card, hints_for
    from autograder.notebook.learner import learner

    of = replace(learner(), folder=notebook.parent)
    found = hints_for(of, task, notebook.stem)
    if not isinstance(found, Hints):
        raise Ended(repr(found), USAGE)
    card = hint_card(of, found, attempt_at(task, saved_cells(of.folder, found.page)))
    say(repr(card).replace("un the cell again", "un this command again"))
