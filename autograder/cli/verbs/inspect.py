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
    arguments: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="JSON", help="An argument behind the addresses; once for each.", show_default=False),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option("--schema", help="SQL that makes your tables; schema.sql here without.", show_default=False),
    ] = None,
    topics: Annotated[
        list[str] | None,
        typer.Option("--topic", metavar="NAME", help="A Kafka topic to look at; once for each.", show_default=False),
    ] = None,
    one: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Play this one run again, as a report names it.", show_default=False),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option("--page", help="Where the report goes; FUNCTION.report.html without.", show_default=False),
    ] = None,
) -> int:
    """Kill a function of your own project before and after every request that it makes, and see what it leaves behind.

    It is called as FUNCTION(at, ...), where at holds the addresses of Postgres and Kafka. The module is looked for in the
    current folder. The report, pictures included, is written as one HTML file.
    """
    if not TARGET.fullmatch(target):
        raise endings.Ended(
            f"{target!r} names no function: write MODULE:FUNCTION, as in myshop.orders:place_order.", endings.USAGE
        )
    from autograder.grading import api

    with working("Starting the backends") as tell:
        report = api.inspect(
            target, arguments=arguments or [], schema=schema, topics=topics or [], run=one, progress=tell
        )
    page = page or Path(f"{target.rpartition(':')[2]}.report.html")
    report.page(page)
    say(report.text(has_colour()))
    say(f"The report with its pictures: {page}")
    return endings.of_verdict(report.verdict)
