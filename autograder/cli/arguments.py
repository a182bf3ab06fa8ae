"""The arguments that several verbs share, with the words that their help uses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Lab", "Notebook", "Page"]

Lab = Annotated[str, typer.Argument(metavar="LAB", help="The lab: 6, 06, lab06 or lab06_outbox.")]
Notebook = Annotated[
    Path | None, typer.Option("--notebook", help="Judge this notebook and not the one in work/.", show_default=False)
]
Page = Annotated[
    Path | None,
    typer.Option("--page", help="Also write the report, pictures included, to this HTML file.", show_default=False),
]
