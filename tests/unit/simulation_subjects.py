"""Programs for the tests of virtual scenarios, and a lane to play them on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.explore.names import RunName
from autograder.explore.scenario import Played, named
from autograder.explore.virtual import VirtualScenario
from autograder.explore.virtual_lane import VirtualLane
from autograder.grading.lanes import VIRTUAL_CLIENTS
from autograder.grading.program import Cell, Program
from autograder.grading.subject import Zygote
from autograder.invariants import Violation

__all__ = ["finishes", "lane_with", "play", "program"]


def program(source: str) -> Program:
    """A program of one cell."""
    text = textwrap.dedent(source)
    return Program(title="test", cells=(Cell(id="cell", role="solution", source=text, name="cell 1", task="cell"),))


@contextmanager
def lane_with(source: str) -> Iterator[VirtualLane]:
    """A lane whose subjects run this program, in the sandbox that hand-ins get."""
    with Zygote(preload=VIRTUAL_CLIENTS) as zygote:
        zygote.load(program(source))
        yield VirtualLane(zygote)


def finishes(history, state):
    """The story comes to its end."""
    wrong = state.known.get("wrong")
    return Violation(rule="finishes", evidence=wrong) if wrong else None


def play(lane: VirtualLane, story, run: str = "", **settings) -> Played:
    """One run of a story."""
    settings = {"name": "story", "title": "A story", "input": ("a1",), "rules": (finishes,), **settings}
    scenario = VirtualScenario(play=story, **settings)
    return scenario.play_on(lane, RunName.parse(run) if run else named(scenario, "01"))
