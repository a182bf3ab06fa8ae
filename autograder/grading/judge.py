"""Judge: plays the runs of a lab against one hand-in and says what came of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass

from autograder.backends import BackendError, Backends
from autograder.explore.pairs import NO_PAIRS
from autograder.explore.scenario import Engine, Playable, Played, Scenario, named
from autograder.explore.sweep import Swept, sweep, with_smallest
from autograder.grading.lanes import LANES, LaneSpec, Pool
from autograder.grading.parts import said_of, with_reference_parts
from autograder.grading.program import Program
from autograder.grading.verdict import TaskVerdict, Verdict, judge_task
from autograder.labs import Lab, Task, find

__all__ = ["RUNS_MAX", "Progress", "judge"]

RUNS_MAX: Mapping[Engine, int] = {"backends": 2_000, "replicated": 200, "virtual": 20_000, "load": 100}
"""How many runs a hand-in may take, by the engine that plays them; the references need a fifth of it at most."""

Progress = Callable[[str, int, int, Played | None], None]
"""Told of a task: its name, runs done, runs planned, and the first broken run when it is found."""


def _silent(task: str, done: int, planned: int, broken: Played | None) -> None:
    """Nobody listens."""


def judge(
    lab_name: str,
    program: Program,
    *,
    backends: Backends | None,
    tasks: Iterable[str] | None = None,
    lanes: int = LANES,
    progress: Progress = _silent,
    say: Callable[[str], None] | None = None,
    enough: Callable[[TaskVerdict], bool] | None = None,
    executor: Executor | None = None,
) -> Verdict:
    """The verdict on a hand-in: every named task (all graded ones by default), every scenario, every fault.

    ``say`` hears of a run that takes long while it runs. A program that comes without the parts that its lab uses gets the reference's. Nothing more of a task is
    played when ``enough`` says so of what it has shown so far. The workers of an ``executor`` (:func:`workers`) keep their lanes for the next program.
    """
    lab = find(lab_name)
    program = with_reference_parts(lab, program)
    chosen = [lab.task(name) for name in tasks] if tasks is not None else [task for task in lab.tasks if task.graded]
    began = time.monotonic()
    spec = LaneSpec(backends=backends, lab=lab.name, program=program)
    with Pool(spec, lanes=lanes, executor=executor, say=say) as pool:
        check = _Check(lab, program, pool, progress, enough, Counter(RUNS_MAX))
        if enough is None:  # else nothing is begun that may not be needed
            _begin(lab, [task for task in chosen if not _unplayable(task, program)], pool)
        verdicts = [check.judge(task) for task in chosen]
        protection = pool.protection
    return Verdict(
        lab=lab.name,
        tasks=tuple(verdicts),
        protection=protection,
        notes=(*program.notes, *said_of(program), *_sources(program)),
        seconds=time.monotonic() - began,
    )


def _unplayable(task: Task, program: Program) -> str:
    """Why a task cannot be played; nothing when it can."""
    for function in dict.fromkeys((task.function, *(name for one in task.scenarios for name in one.needs))):
        if f"solution-{function}" in program.lost:
            why = program.lost[f"solution-{function}"].replace(f"solution-{function}", function)
            return why if function in why else f"{function} cannot be judged: {why}"
        if not program.is_attempted(function):
            return _not_written(function, task, program)
    return ""


def _sources(program: Program) -> list[str]:
    """Which source was judged, where the file says something else."""
    unsaved = ", ".join(name.removeprefix("solution-") for name in program.unsaved)
    return [f"unsaved: {unsaved} (judged as the cell was run last; the notebook on disk says something else)"] if unsaved else []


def _not_written(function: str, task: Task, program: Program) -> str:
    others = program.functions().get(f"solution-{function}", ())
    if others and function not in others:
        return f"The cell of {function} defines {' and '.join(others)}; it must define {function}."
    whose = "" if function == task.function else ", which this check uses,"
    return f"{function}{whose} is not written yet."


def _begin(lab: Lab, tasks: list[Task], pool: Pool) -> None:
    """Start all undisturbed runs, and behind each, as soon as it is known, all its strikes: no lane ever idles."""
    for scenario in (scenario for task in tasks for scenario in _short_first(task.scenarios)):
        future = pool.prepare(scenario.name, [named(scenario, _tag(lab))])[0]
        future.add_done_callback(lambda done, scenario=scenario: _follow(lab, scenario, done, pool))


def _short_first(scenarios: Iterable[Playable]) -> list[Playable]:
    """In the order of playing: few faults first, and pairs last, since whoever waits wants the first counterexample soon."""
    return sorted(scenarios, key=lambda scenario: (_has_pairs(scenario), len(scenario.faults)))


def _has_pairs(scenario: Playable) -> bool:
    return isinstance(scenario, Scenario) and scenario.pairs != NO_PAIRS


def _follow(lab: Lab, scenario: Playable, done: object, pool: Pool) -> None:
    if done.cancelled() or done.exception() is not None:  # type: ignore[attr-defined]
        return
    played: Played = done.result()  # type: ignore[attr-defined]
    if played.violations:
        return
    with suppress(RuntimeError):  # the pool is being shut down: enough was seen
        pool.prepare(scenario.name, scenario.plan(_tag(lab), played)[: RUNS_MAX[scenario.engine]])


@dataclass(frozen=True)
class _Check:
    """One hand-in that is being judged."""

    lab: Lab
    program: Program
    pool: Pool
    progress: Progress
    enough: Callable[[TaskVerdict], bool] | None
    budget: Counter[Engine]
    """Runs that it may still take, by engine."""

    def judge(self, task: Task) -> TaskVerdict:
        why = _unplayable(task, self.program)
        if why:
            return TaskVerdict(task=task.name, kind="unanswered", points=0, points_max=task.points_max, said=why)
        try:
            return self._judge(task)
        except Exception as error:  # whatever it is, it is ours: learner code cannot raise in here
            return TaskVerdict(
                task=task.name, kind="error", points=0, points_max=task.points_max, said=_in_a_sentence(error)
            )

    def _judge(self, task: Task) -> TaskVerdict:
        swept: dict[str, Swept] = {}
        for scenario in _short_first(task.scenarios):
            swept[scenario.name] = self._sweep(task, scenario, swept)
            if self.enough is not None and self.enough(self._of(task, swept)):
                break
        for scenario in task.scenarios:  # the first that is broken, in the task's own order, is shown
            if scenario.name in swept and swept[scenario.name].broken:
                swept[scenario.name] = with_smallest(scenario, swept[scenario.name], self.pool)
                break
        return self._of(task, swept)

    def _of(self, task: Task, swept: Mapping[str, Swept]) -> TaskVerdict:
        return judge_task(self.lab, task, tuple(swept[one.name] for one in task.scenarios if one.name in swept))

    def _sweep(self, task: Task, scenario: Playable, before: Mapping[str, Swept]) -> Swept:
        def is_enough(partly: Swept) -> bool:
            return self.enough is not None and self.enough(self._of(task, {**before, scenario.name: partly}))

        swept = sweep(
            scenario,
            _tag(self.lab),
            self.pool,
            runs_max=self.budget[scenario.engine],
            progress=lambda done, planned, broken: self.progress(task.name, done, planned, broken),
            enough=is_enough if isinstance(scenario, Scenario) else None,
        )
        self.budget[scenario.engine] -= swept.coverage.planned - swept.not_played
        return swept


def _tag(lab: Lab) -> str:
    return f"{lab.number:02d}"


def _in_a_sentence(error: BaseException) -> str:
    if isinstance(error, BackendError):
        return str(error)
    first = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
    return f"A backend or the grader itself gave way in the middle of the check ({first}); nothing was recorded, check again."
