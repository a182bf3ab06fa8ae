"""What a lab consists of: rules, scenarios, tasks with points, and the mistakes that are known by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from autograder.backends.databases import SCHEMA
from autograder.explore.scenario import Engine, Playable
from autograder.invariants import Invariant

__all__ = ["Finding", "Lab", "Mistake", "Outcome", "Rule", "Task"]

Outcome = Literal["O1", "O2", "O3", "O4", "O5"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A numbered invariant; its text is the invariant's docstring."""

    number: int
    invariant: Invariant
    read: str = ""
    """Where the day explains it: a section's heading."""

    @property
    def name(self) -> str:
        """The name under which violations report the rule."""
        return self.invariant.__name__

    @property
    def text(self) -> str:
        """The sentence that the learner reads."""
        return " ".join((self.invariant.__doc__ or "").split("\n\n")[0].split())


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something the learner writes, how it is played, and what it is worth."""

    name: str
    title: str
    function: str
    scenarios: tuple[Playable, ...]
    points: Mapping[str, int]
    """Points by the name of the rule that earns them."""
    outcomes: tuple[Outcome, ...]
    stretch: bool = False
    graded: bool = True
    minutes: int = 0

    @property
    def points_max(self) -> int:
        """What the task is worth."""
        return sum(self.points.values())


@dataclass(frozen=True, order=True)
class Finding:
    """How a check broke: which rule, in which scenario, under which fault, at which call."""

    scenario: str
    rule: str
    fault: str
    """``none`` when no fault was needed."""
    call: str
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A mistake that is known by name, and how to tell it from the way checks break."""

    name: str
    sentence: str
    """What the learner reads: what the program does, and why that is not enough."""
    task: str
    shows: Callable[[frozenset[Finding]], bool]


@dataclass(frozen=True, kw_only=True)
class Lab:
    """One lab."""

    number: int
    name: str
    title: str
    day: str
    rules: tuple[Rule, ...]
    tasks: tuple[Task, ...]
    mistakes: tuple[Mistake, ...] = ()
    worth: int = 100
    """The points of all its tasks; the last lab, which joins all others, has 200."""
    not_shown: str = ""
    """One fixed line beside every coverage line: what no run of this lab shows."""
    topics: Mapping[str, int] = field(default_factory=dict)
    """Kafka topics that exist before anybody comes, with their number of partitions."""
    redis: bool = False
    """Does a run on backends need a Redis? Labs that do not, pay for none."""
    gateway: bool = False
    """Does it need the payment gateway? Each lane then has one of its own, at ``at.gateway``."""
    warehouse: bool = False
    """Does it need the warehouse? Each lane then has one of its own, at ``at.warehouse``."""
    replay: str = "./fortnight replay {run}"
    """The command that plays a run again."""
    schema: Path = SCHEMA
    """The tables that every run begins with."""
    reads: tuple[str, ...] = ()
    """Folders that the program may read beside its own cells."""
    uses: tuple[str, ...] = ()
    """Parts of earlier labs that the program may import, as :data:`autograder.labs.parts.SIGNATURES` names them."""

    @property
    def engines(self) -> frozenset[Engine]:
        """The engines that play its scenarios; without ``backends`` it opens no database and no broker."""
        return frozenset(scenario.engine for task in self.tasks for scenario in task.scenarios)

    def task(self, name: str) -> Task:
        """The task of this name; raises KeyError with the names there are."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(f"{self.name} has no task {name!r}; its tasks are {', '.join(task.name for task in self.tasks)}.")

    def rule(self, name: str) -> Rule:
        """The rule of this name."""
        return next(rule for rule in self.rules if rule.name == name)

    def scenario(self, name: str) -> Playable:
        """The scenario of this name; raises KeyError with the names there are."""
        scenarios = [scenario for task in self.tasks for scenario in task.scenarios]
        for scenario in scenarios:
            if scenario.name == name:
                return scenario
        raise KeyError(f"{self.name} has no scenario {name!r}; it has {', '.join(s.name for s in scenarios)}.")
