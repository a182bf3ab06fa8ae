"""``check``: judge a lab, or one of its tasks."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli import endings
from autograder.cli.arguments import Lab, Notebook, Page
from autograder.cli.places import notebook_of, shown, task_of
from autograder.cli.screen import has_colour, say, working

__all__ = ["run"]


def run(
    lab: Lab,
    task: Annotated[
        str | None,
        typer.Argument(metavar="TASK", help="One task of it, as relay; all of them without.", show_default=False),
    ] = None,
    notebook: Notebook = None,
    page: Page = None,
) -> int:
    """Check your lab: every crash point of every task, the points, and the smallest run that breaks a rule.

    Ends with 0 when every rule holds, 1 when one is broken, 2 when the notebook cannot be judged, 4 when the grader
    broke.
    """
    if task is not None:
        task = task_of(lab, task)
    path = notebook_of(lab, notebook)
    from autograder.grading import api

    with working("Starting the backends") as tell:
        report = api.check(lab, task, path, progress=tell)
    say(report.text(has_colour()))
    if page is not None:
        report.page(page)
        say(f"The report with its pictures: {shown(page.absolute())}")
    return endings.of_verdict(report.verdict)
