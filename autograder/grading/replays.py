"""Replays: one run, played again exactly, against a program as it is now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from autograder.explore.names import BadRunName, RunName
from autograder.explore.scenario import Played
from autograder.explore.sweep import Coverage, Swept
from autograder.grading.lanes import LaneSpec, Pool, backends_for
from autograder.grading.parts import with_reference_parts
from autograder.grading.program import Program
from autograder.grading.request import Report, report_of
from autograder.grading.verdict import Verdict, judge_task
from autograder.labs import Lab, Task

__all__ = ["play_again"]


def play_again(lab: Lab, program: Program, run: str, *, progress: Callable[[str], None] = lambda line: None) -> Report:
    """The report on one run; raises BadRunName when this program never comes to where the run strikes."""
    name = RunName.parse(run)
    task = _task(lab, name)
    with backends_for(lab, progress) as backends:
        spec = LaneSpec(backends=backends, lab=lab.name, program=with_reference_parts(lab, program))
        with Pool(spec, lanes=1) as pool:
            played = next(iter(pool(name.scenario, [name])))
    if not played.reached:
        raise BadRunName(
            f"{run} was not reached: your program as it is now never makes the call at which this run strikes."
        )
    return report_of(_verdict(lab, task, name.scenario, played))


def _task(lab: Lab, name: RunName) -> Task:
    for task in lab.tasks:
        if any(scenario.name == name.scenario for scenario in task.scenarios):
            return task
    known = ", ".join(scenario.name for task in lab.tasks for scenario in task.scenarios)
    raise BadRunName(f"{lab.title} has no scenario {name.scenario!r}; it has {known}.")


def _verdict(lab: Lab, task: Task, scenario: str, played: Played) -> Verdict:
    """A verdict that speaks of a single run."""
    swept = Swept(
        scenario=scenario,
        undisturbed=replace(played, violations=()),
        broken=(played,) if played.violations else (),
        coverage=Coverage(calls=1, planned=1, reached=1, faults=(), replayed=True),
        smallest=played if played.violations else None,
    )
    verdict = replace(judge_task(lab, task, (swept,)), points=0, points_max=0)
    if not played.violations:
        verdict = replace(verdict, said="This run breaks no rule any more.", shown=played)
    return Verdict(lab=lab.name, tasks=(verdict,), notes=("One run was played; it earns no points.",))
