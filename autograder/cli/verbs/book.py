"""``book``: build the course as a site."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from autograder.cli.endings import BROKEN, ENVIRONMENT, Ended
from autograder.cli.places import ROOT
from autograder.cli.screen import say

__all__ = ["run"]


def run() -> int:
    """Build the book, days executed, as a site that opens from disk. The first time takes about a minute."""
    if importlib.util.find_spec("jupyter_book") is None:
        raise Ended("Jupyter Book is not installed here: pip install -r requirements-extras.txt", ENVIRONMENT)
    program = Path(sys.executable).with_name("jupyter-book")
    if subprocess.run([str(program), "build", "book/"], cwd=ROOT, check=False).returncode != 0:
        return BROKEN
    say(f"The book: {ROOT / 'book' / '_build' / 'html' / 'index.html'}")
    return 0
