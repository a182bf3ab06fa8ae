"""Verdict: what the judge found out about one hand-in, task by task, as frozen data and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from autograder.explore.names import RunName, is_slug_of, slug
from autograder.explore.scenario import Played
from autograder.explore.sweep import Swept
from autograder.history import History
from autograder.labs import find
from autograder.labs.lab import Finding, Lab, Mistake, Task
from autograder.labs.signs import KILLED, TWICE

__all__ = ["Kind", "TaskVerdict", "Verdict", "findings", "judge_task", "points_of", "summary"]

REACHED_MIN = 0.9
"""The share of planned points that must be reached; with fewer, holding every rule shows little."""
CALLS_MISSING_MAX = 2
"""So many calls of a Kafka client need not come again, as long as half of the points are reached: it makes one more or less
on its own account. A call that the program itself makes has to come."""

Kind = Literal["passed", "broken", "unknown", "error", "unanswered"]
"""Passed, broken and unknown speak of the program; error is the grader's own; unanswered means not attempted."""


@dataclass(frozen=True, kw_only=True)
class TaskVerdict:
    """One task: did its rules hold in every run that was played?"""

    task: str
    kind: Kind
    points: int
    points_max: int
    swept: tuple[Swept, ...] = ()
    broken_rules: tuple[str, ...] = ()
    mistake: Mistake | None = None
    said: str = ""
    """Why there is no verdict on the program: not attempted, a syntax error, the grader's own trouble."""
    notes: tuple[str, ...] = ()
    shown: Played | None = None
    """A run that breaks no rule and was asked for all the same."""

    @property
    def is_full(self) -> bool:
        """Did it earn all there is to earn?"""
        return self.points_max > 0 and self.points == self.points_max

    @property
    def counterexample(self) -> Played | None:
        """The smallest run that broke a rule, of the first scenario that found one."""
        return next((swept.smallest for swept in self.swept if swept.smallest is not None), None)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All tasks that were checked, in the lab's order."""

    lab: str
    tasks: tuple[TaskVerdict, ...]
    protection: str = ""
    """Which protections were on while learner code ran."""
    notes: tuple[str, ...] = ()
    notebook: str = ""
    """The notebook that a replay has to name, where it is not the learner's own in ``work/``."""
    seconds: float = 0.0
    """Wall time; for people, never part of a comparison."""

    @property
    def points(self) -> int:
        """Points earned, stretch included."""
        return sum(task.points for task in self.tasks)

    @property
    def points_max(self) -> int:
        """Points that the checked tasks are worth."""
        return sum(task.points_max for task in self.tasks)

    @property
    def kind(self) -> Kind:
        """The worst that happened to any core task; to any task, where no core task was checked."""
        lab = find(self.lab)
        core = [task for task in self.tasks if not lab.task(task.task).stretch]
        kinds = {task.kind for task in core or self.tasks}
        for kind in ("error", "broken", "unknown", "unanswered"):
            if kind in kinds:
                return kind  # type: ignore[return-value]
        return "passed"


def findings(swept: tuple[Swept, ...]) -> frozenset[Finding]:
    """In which ways the checks broke, for telling mistakes apart."""
    found: set[Finding] = set()
    for one in swept:
        for played in one.broken:
            fault, call = _struck(RunName.parse(played.name), played.history)
            found |= {
                Finding(one.scenario, violation.rule, fault, call, violation.evidence) for violation in played.violations
            }
    return frozenset(found)


def _struck(name: RunName, history: History) -> tuple[str, str]:
    """The fault and where it struck; of a schedule, the call before which somebody lost the turn first.

    Of a pair: ``twice``, and where the second one struck. Of a schedule with a kill: ``killed``, and before which call.
    """
    if name.kills:
        killed = next((mark.text for mark in history.marks if mark.kind == "crash"), "").removeprefix("before ")
        return KILLED, slug(killed)
    if name.preempts:
        before = next((mark.text for mark in history.marks if mark.kind == "pause"), "").removeprefix("before ")
        return "schedule", slug(before)
    if name.then:
        return TWICE, name.then.label
    return (name.strike.fault, name.strike.label) if name.strike else ("none", "none")


def points_of(task: Task, swept: tuple[Swept, ...]) -> tuple[int, tuple[str, ...]]:
    """Points, and the names of the rules that are broken.

    A rule earns its points when it holds in every run of the task; one about answers earns the share that is right. A
    program that breaks a rule in the undisturbed run of the first scenario earns nothing: its other runs were not
    played, and refusing everything is safe and useless.
    """
    broken = {violation.rule for one in swept for played in one.broken for violation in played.violations}
    shares = {rule: 0.0 for rule in broken}
    for played in (played for one in swept for played in one.broken):
        shares |= {found.rule: played.share for found in played.violations if played.share is not None}
    first = swept[0].undisturbed
    if first.violations and first.share is None:
        return 0, tuple(sorted(broken))
    return sum(int(points * shares.get(rule, 1.0) + 1e-9) for rule, points in task.points.items()), tuple(sorted(broken))


def _is_shown(swept: Swept) -> bool:
    """Was enough of what was planned reached to say that the rules hold, or did nobody want to know more?"""
    if swept.coverage.stopped:
        return True
    planned, reached = swept.coverage.planned, swept.coverage.reached
    if reached >= REACHED_MIN * planned:
        return True
    strikes = [strike for name in map(RunName.parse, swept.unreached) for strike in (name.then or name.strike,) if strike]
    missing = {(strike.label, strike.occurrence) for strike in strikes}
    clients_own = {call.label for call in swept.undisturbed.history.calls if call.backend == "kafka"}
    few = 0 < len(missing) <= CALLS_MISSING_MAX and not swept.not_played and 2 * reached >= planned
    return few and all(any(is_slug_of(word, label) for label in clients_own) for word, _ in missing)


def _why_unknown(swept: tuple[Swept, ...]) -> str:
    """Which of the planned runs are missing."""
    if left_out := sum(one.not_played for one in swept):
        planned = sum(one.coverage.planned for one in swept)
        return (
            f"It makes so many calls that {planned} runs were planned, and {left_out} of them are more than a check may"
            " take: it is not known whether the rules hold there. Make fewer calls."
        )
    return "Most of its calls have other names in every run, so the planned points were never reached."


def judge_task(lab: Lab, task: Task, swept: tuple[Swept, ...], notes: tuple[str, ...] = ()) -> TaskVerdict:
    """The verdict on one task after all its sweeps."""
    points, broken = points_of(task, swept)
    found = findings(swept)
    mistake = next((known for known in lab.mistakes if known.task == task.name and known.shows(found)), None)
    shown = all(_is_shown(one) for one in swept)
    if any(one.undisturbed.blank for one in swept):
        said = "Nothing is answered yet."
        return TaskVerdict(task=task.name, kind="unanswered", points=0, points_max=task.points_max, said=said)
    kind: Kind = "broken" if broken else "passed" if shown else "unknown"
    return TaskVerdict(
        task=task.name,
        kind=kind,
        points=points if shown else 0,
        points_max=task.points_max,
        swept=swept,
        said="" if shown else _why_unknown(swept),
        broken_rules=broken,
        mistake=mistake if broken else None,
        notes=notes,
    )


def summary(verdict: Verdict) -> Mapping[str, object]:
    """What scripts want to know of a verdict, as JSON."""
    return {
        "lab": verdict.lab,
        "kind": verdict.kind,
        "points": verdict.points,
        "points_max": verdict.points_max,
        "tasks": {
            task.task: {
                "kind": task.kind,
                "points": task.points,
                "points_max": task.points_max,
                "broken": list(task.broken_rules),
                "run": task.counterexample.name if task.counterexample else None,
            }
            for task in verdict.tasks
        },
    }
