"""Experiments: play one run with the functions that stand in the notebook, and look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.diagram import Diagram
from autograder.history import History
from autograder.notebook.asking import asked
from autograder.notebook.attempt import executed_cells
from autograder.notebook.trouble import quiet_trouble

__all__ = ["Experiment", "experiment"]


@dataclass(frozen=True)
class Experiment:
    """One run that was played: its history, the backends at its end, and its picture."""

    name: str
    history: History
    states: tuple[Mapping[str, Any], ...]
    results: tuple[Mapping[str, Any], ...]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table when the run was over; at an earlier moment see :attr:`states`."""
        return [dict(row) for row in self.states[-1]["tables"][table]]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages in Kafka when the run was over, by Kafka partition and offset."""
        return [dict(message) for message in self.states[-1]["messages"]]

    @property
    def keys(self) -> list[str]:
        """The keys of those messages."""
        return [message["key"] for message in self.messages]

    def diagram(self, takeaway: str = "", *, title: str = "", limit: int = 15) -> Diagram:
        """The space-time diagram of this very run."""
        return Diagram(self.history, title=title, takeaway=takeaway, limit=limit)

    def __repr__(self) -> str:
        return f"<run {self.name}: {len(self.history.calls)} calls>"


@quiet_trouble
def experiment(
    story: str, *, strike: str = "", words: tuple[str, ...] = (), lab: str = "6", **functions: Callable[..., Any]
) -> Experiment:
    """Play ``story`` with these functions, each in a process of its own, against real backends.

    ``strike`` says where a fault strikes: ``"kill-after COMMIT #1"`` kills the process when its first COMMIT has taken
    effect and the answer has not arrived; also kill-before, cut-before, cut-after, park and pause. ``words`` changes what
    the story is made of.

    >>> experiment("place", place=naive_place_order, strike="kill-after COMMIT #1").diagram()
    """
    request = {
        "do": "experiment",
        "lab": lab,
        "story": story,
        "strike": strike,
        "input": list(words),
        "functions": {role: function.__name__ for role, function in functions.items()},
        "cells": executed_cells(),
    }
    return _experiment(asked(request)["played"])


def _experiment(played: Mapping[str, Any]) -> Experiment:
    return Experiment(
        name=played["name"],
        history=History.from_lines(played["history"]),
        states=tuple(played["states"]),
        results=tuple(played["results"]),
    )
