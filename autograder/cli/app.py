"""The program ``fortnight``: its verbs, in the order in which a learner meets them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import typer

from autograder.cli.endings import ends_well

__all__ = ["VERBS", "app", "main"]

LEARN = "For learning"
COURSE = "For the course"

VERBS = {
    "demo": LEARN,
    "start": LEARN,
    "stop": LEARN,
    "check": LEARN,
    "hint": LEARN,
    "replay": LEARN,
    "inspect": LEARN,
    "submit": LEARN,
    "progress": LEARN,
    "review": LEARN,
    "reset": LEARN,
    "book": COURSE,
    "doctor": COURSE,
    "grade": COURSE,
    "test": COURSE,
}
"""Every verb and the panel of the help that it stands in; each is a module of ``autograder.cli.verbs``."""

app = typer.Typer(
    name="fortnight",
    help="Fortnight: a course on distributed systems, in fourteen days. Your code runs against real Postgres, Kafka "
    "and Redis, and every rule that it breaks is shown with the run that broke it.",
    epilog="Exit codes: 0 well · 1 a check or test is not passed · 2 wrong usage or input · "
    "3 environment or backends · 4 the grader broke · 130 stopped.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _name, _panel in VERBS.items():
    _verb = importlib.import_module(f"autograder.cli.verbs.{_name}")
    app.command(_name, rich_help_panel=_panel, **getattr(_verb, "SETTINGS", {}))(ends_well(_verb.run))


def main() -> None:
    """Run the command line; ends the process with one of the codes in :mod:`autograder.cli.endings`."""
    # A console script is called by its name; the launcher of a clone hands over to `python -m autograder.cli`.
    app(prog_name="fortnight" if Path(sys.argv[0]).name == "fortnight" else "./fortnight")
