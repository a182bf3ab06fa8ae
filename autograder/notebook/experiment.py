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

__all__ = ["Experiment", "every_kill", "experiment", "experiment_of"]


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

    @property
    def strike(self) -> str:
        """Where it was struck: ``COMMIT #1``; empty for an undisturbed run."""
        struck = next((call for call in self.history.calls if call.fault), None)
        return f"{struck.label} #{struck.occurrence}" if struck else ""

    @property
    def kills(self) -> int:
        """How often somebody was killed in it."""
        return sum(mark.kind == "crash" for mark in self.history.marks)

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
    effect and the answer has not arrived; also kill-before, cut-before, cut-after, park and pause. A second strike stands
    behind ``then``: its calls are counted from the first one on. ``words`` changes what the story is made of.

    >>> experiment("place", place=naive_place_order, strike="kill-after COMMIT #1").diagram()
    """
    return experiment_of(asked({"do": "experiment", "strike": strike, **_request(story, words, lab, functions)})["played"])


@quiet_trouble
def every_kill(
    story: str, *, words: tuple[str, ...] = (), lab: str = "6", after: str = "", **functions: Callable[..., Any]
) -> list[Experiment]:
    """Play ``story`` once undisturbed and once for every call of the process under test, killed after it.

    With ``after`` (``"COMMIT #1"``) everybody is killed there first: once, and then a second time after each call of what
    follows.

    >>> calm, *killed = every_kill("place", place=naive_place_order)
    """
    request = {"do": "every kill", "after": after, **_request(story, words, lab, functions)}
    return [experiment_of(played) for played in asked(request)["played"]]


def _request(story: str, words: tuple[str, ...], lab: str, functions: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    return {
        "lab": lab,
        "story": story,
        "input": list(words),
        "functions": {role: function.__name__ for role, function in functions.items()},
        "cells": executed_cells(),
    }


def experiment_of(played: Mapping[str, Any]) -> Experiment:
    """What the judge played, as a notebook looks at it."""
    return Experiment(
        name=played["name"],
        history=History.from_lines(played["history"]),
        states=tuple(played["states"]),
        results=tuple(played["results"]),
    )
