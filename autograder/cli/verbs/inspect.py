"""``inspect``: the sweep on a function of one's own project."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli import endings
from autograder.cli.screen import has_colour, say, working

__all__ = ["run"]

TARGET = re.compile(r"[\w.]+:\w+")


def run(
    target: Annotated[str, typer.Argument(metavar="MODULE:FUNCTION", help="For example myshop.orders:place_order.")],
    page: Annotated[
        Path | None,
        typer.Option("--page", help="Where the report goes; FUNCTION.report.html without.", show_default=False),
    ] = None,
) -> int:
    """Kill a function of your own project before and after every request that it makes, and see what it leaves behind.

    The module is looked for in the current folder. The report, pictures included, is written as one HTML file.
    """
    if not TARGET.fullmatch(target):
        raise endings.Ended(
            f"{target!r} names no function: write MODULE:FUNCTION, as in myshop.orders:place_order.", endings.USAGE
        )
    from autograder.grading import api

    with working("Starting the backends") as tell:
        report = api.inspect(target, progress=tell)
    page = page or Path(f"{target.rpartition(':')[2]}.report.html")
    report.page(page)
    say(report.text(has_colour()))
    say(f"The report with its pictures: {page}")
    return endings.of_verdict(report.verdict)
