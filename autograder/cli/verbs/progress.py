"""``progress``: points by day and by outcome."""

from __future__ import annotations

from autograder.cli.screen import say

__all__ = ["run"]


def run() -> None:
    """See your points, day by day and for each of the five outcomes of the course."""
    from autograder.grading import api

    say(api.progress())
