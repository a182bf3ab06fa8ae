"""What a command shows: colour and a spinner on a terminal, else plain lines; answers on stdout, progress on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

__all__ = ["Tell", "complain", "has_colour", "say", "say_styled", "working"]

Tell = Callable[[str], None]
"""Takes a short sentence about what is being done now."""


def has_colour() -> bool:
    """Is stdout a terminal that shows colour, and does nobody object (``NO_COLOR``)?"""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str) -> None:
    """Print an answer as it is, without wrapping or markup."""
    print(text, flush=True)


def say_styled(text: str) -> None:
    """Print text with rich's markup; plain where there is no terminal."""
    Console(highlight=False, soft_wrap=True).print(text)


def complain(sentence: str) -> None:
    """Print one sentence on stderr, in red where there is colour."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(sentence, style="red", markup=False)


@contextmanager
def working(beginning: str) -> Iterator[Tell]:
    """Show what is being done: a spinner on a terminal, else a line whenever it changes."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if console.is_terminal:
        with console.status(_escaped(beginning)) as status:
            yield lambda sentence: status.update(_escaped(sentence))
        return
    said = [beginning]
    console.print(beginning, markup=False)

    def tell(sentence: str) -> None:
        if sentence != said[-1]:
            said.append(sentence)
            console.print(sentence, markup=False)

    yield tell


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
