"""``review``: questions from one's own misses, when they are due."""

from __future__ import annotations

from autograder.cli.screen import say

__all__ = ["run"]


def run() -> None:
    """Repeat what you missed: the questions that are due today (after 1, 3, 7 and 14 days)."""
    from autograder.grading import api

    say(api.review())
