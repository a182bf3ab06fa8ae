"""The arguments that several verbs share, with the words that their help uses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from autograder.backends.worlds import VARIABLE, WorldName

__all__ = ["Lab", "Notebook", "Page", "World", "use_world"]

Lab = Annotated[str, typer.Argument(metavar="LAB", help="The lab: 6, 06, lab06 or lab06_outbox.")]
Notebook = Annotated[
    Path | None, typer.Option("--notebook", help="Judge this notebook and not the one in work/.", show_default=False)
]
Page = Annotated[
    Path | None,
    typer.Option("--page", help="Also write the report, pictures included, to this HTML file.", show_default=False),
]
World = Annotated[
    WorldName | None,
    typer.Option(
        "--world",
        help="Where Postgres, Kafka and Redis come from: wheels, this machine, or Docker.",
        show_default=False,
    ),
]


def use_world(world: WorldName | None) -> None:
    """Use this world in this process and all that it starts; None leaves what was chosen before."""
    if world is not None:
        os.environ[VARIABLE] = world
