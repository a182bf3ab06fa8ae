"""``replay``: play one run again."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli import endings
from autograder.cli.arguments import Notebook, Page
from autograder.cli.places import shown
from autograder.cli.screen import has_colour, say, working

__all__ = ["run"]


def run(
    name: Annotated[str, typer.Argument(metavar="RUN", help="The name of a run, as a report gives it.")],
    notebook: Notebook = None,
    page: Page = None,
) -> int:
    """Play one run of a check again, exactly, against your code as it is now."""
    from autograder.grading import api

    with working("Starting the backends") as tell:
        report = api.replay(name, notebook, progress=tell)
    say(report.text(has_colour()))
    if page is not None:
        report.page(page)
        say(f"The report with its picture: {shown(page.absolute())}")
    return endings.of_verdict(report.verdict)
