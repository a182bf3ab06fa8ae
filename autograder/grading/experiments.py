"""Experiments: one run of a story, played for a notebook with the functions that the reader has just defined."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from autograder.backends import connect
from autograder.explore.lane import Lane
from autograder.explore.names import BadRunName, RunName
from autograder.explore.pairs import Pairs
from autograder.explore.scenario import Played, Scenario
from autograder.explore.stage import Stage
from autograder.explore.strike_words import strike_of, strikes_of
from autograder.grading.lanes import LaneSpec, kept_lane
from autograder.grading.parts import with_own_parts
from autograder.grading.program import Cell, Program
from autograder.grading.selection import definitions_only, names_bound, used_by, without_magics
from autograder.history import History
from autograder.labs import find

__all__ = ["play_every_kill", "play_experiment", "program_of_cells", "strike_of"]


def program_of_cells(sources: Iterable[str], functions: Iterable[str]) -> Program:
    """What these functions need of all cells that were run so far; what the cells did besides is left out."""
    kept: list[str] = []
    known: set[str] = set()
    for source in sources:
        kept.append(definitions_only(without_magics(source)[0], known))
        known |= names_bound(kept[-1])
    cells = [
        Cell(id=f"cell-{number}", role="free", source=source, name=f"notebook, cell {number}")
        for number, source in enumerate(used_by(functions, kept), start=1)
        if source.strip()
    ]
    return Program(title="experiment", cells=tuple(cells))


def play_experiment(request: Mapping[str, Any]) -> dict[str, Any]:
    """Play one run of a story; the history, the states and what the functions said, as JSON."""
    with _ready(request) as told:
        return _played(Stage(told.lane, told.name, told.story.target), told.play, told.story.title)


def play_every_kill(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Play a story once undisturbed, and once for each call of its target: killed when the call has had its effect.

    With ``after`` the first kill is always that one; then the second kills are tried, after each call of what follows it.
    """
    with _ready(request) as told:
        scenario = told.scenario()
        if not request.get("after"):
            calm = told.again(told.name)
            return [calm, *map(told.again, scenario.plan(told.name.lab, _as_played(calm)))]
        once = told.again(replace(told.name, strike=strike_of(f"kill-after {request['after']}")))
        return [once, *map(told.again, scenario.plan_pairs(_as_played(once)))]


def _as_played(played: Mapping[str, Any]) -> Played:
    return Played(name=played["name"], history=History.from_lines(played["history"]))


@dataclass(frozen=True)
class _Told:
    """A story that is ready to be played, with the reader's functions in their roles."""

    lane: Lane
    name: RunName
    story: Any
    play: Callable[[Stage], None]

    def scenario(self) -> Scenario:
        return Scenario(
            name=self.name.scenario,
            title=self.story.title,
            play=self.play,
            input=self.name.input,
            target=self.story.target,
            faults=("kill-after",),
            pairs=Pairs(),
            rules=(),
        )

    def again(self, name: RunName) -> dict[str, Any]:
        self.lane.reset()
        return _played(Stage(self.lane, name, self.story.target), self.play, self.story.title)


@contextmanager
def _ready(request: Mapping[str, Any]) -> Iterator[_Told]:
    lab = find(str(request["lab"]))
    stories: Mapping[str, Any] = importlib.import_module(f"autograder.labs.{lab.name[:5]}_scenarios").STORIES
    if request["story"] not in stories:
        raise BadRunName(f"There is no story {request['story']!r}; there are {', '.join(sorted(stories))}.")
    story = stories[request["story"]]
    strike, then = strikes_of(request.get("strike", ""))
    name = RunName(
        lab=f"{lab.number:02d}",
        scenario=request["story"],
        input=tuple(request.get("input") or story.input),
        strike=strike,
        then=then,
    )
    program = with_own_parts(lab, program_of_cells(request["cells"], request["functions"].values()))
    for function in request["functions"].values():
        if not program.is_attempted(function):
            raise ValueError(f"{function} is not defined in this notebook: run the cell that defines it first.")
    if set(request["functions"]) != set(story.roles):
        raise ValueError(f"The story {request['story']!r} is played by {', '.join(story.roles)}: name each once.")
    play = story.make(*(request["functions"][role] for role in story.roles))
    with connect() as lease:
        yield _Told(kept_lane(LaneSpec(backends=lease.backends, lab=lab.name, program=program)), name, story, play)


def _played(stage: Stage, play: Callable[[Stage], None], title: str) -> dict[str, Any]:
    play(stage)
    if stage.name.strike is not None and not stage.conductor.struck:
        calls = ", ".join(dict.fromkeys(call.point for call in stage.history(title).by(stage.target) if call.effect))
        raise BadRunName(f"{stage.target} never made that call, so nothing was struck; it made {calls or 'none'}.")
    return {
        "name": str(stage.name),
        "history": stage.history(title).to_lines(),
        "states": [asdict(state) for state in stage.states],
        "results": [
            {"process": job.process, "function": job.function, "kind": result.kind, "error": result.error}
            for job, result in stage.results
        ],
    }
