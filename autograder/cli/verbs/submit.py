"""``submit``: hand a lab in."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.arguments import Lab, Notebook
from autograder.cli.places import notebook_of
from autograder.cli.screen import say, working

__all__ = ["run"]


def run(
    lab: Lab,
    notebook: Notebook = None,
    learner: Annotated[
        str | None, typer.Option("--learner", metavar="NAME", help="Your name in the class.", show_default=False)
    ] = None,
) -> None:
    """Hand in the lab's notebook as it is on disk, and get a receipt with its hash. The last valid hand-in counts."""
    path = notebook_of(lab, notebook)
    from autograder.grading import api

    with working("Handing in"):
        receipt = api.submit(lab, path, learner=learner)
    say(receipt.text)
