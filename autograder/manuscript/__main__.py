"""``python -m autograder.manuscript build [NAME ...] | check | import NOTEBOOK | marks``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .build import ROOT, build
from .drift import drift, write
from .errors import ManuscriptError
from .import_ import import_notebook
from .marks import table

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 when something has drifted, 2 when a text cannot be read."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options, options.root.resolve())
    except ManuscriptError as error:
        print(error, file=sys.stderr)
        return 2


def _run(options: argparse.Namespace, root: Path) -> int:
    if options.command == "marks":
        print(table(), end="")
        return 0
    if options.command == "import":
        print(f"{import_notebook(options.notebook, root).relative_to(root)} now says what {options.notebook} says")
        options.names = [options.notebook.stem]
    built = build(root, names=getattr(options, "names", ()))
    if options.command == "check":
        found = drift(built, root)
        print(*(found or [f"{len(built.files)} built files say what their texts say"]), sep="\n")
        return 1 if found else 0
    changed = write(built, root)
    print(*(changed or [f"nothing to do: {len(built.files)} files are up to date"]), sep="\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m autograder.manuscript", description="Build notebooks from texts.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the clone (default: this one)")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("build", help="write days/, solutions/, labs/ and the bank of questions")
    one.add_argument("names", nargs="*", metavar="NAME", help="only texts that begin with this: day06, lab06")
    commands.add_parser("check", help="fail when a built file differs from its text, and say what mends it")
    one = commands.add_parser("import", help="bring an edit made in JupyterLab back into the text, then build")
    one.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="a notebook of days/ or solutions/")
    commands.add_parser("marks", help="print the table of marks")
    return parser


if __name__ == "__main__":
    sys.exit(main())
