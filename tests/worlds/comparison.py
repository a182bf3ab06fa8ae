"""The comparison: what each world says of a program, as data; two ways to find out.

*Whole*: the judge's full verdict. *One run*: the counterexample that is kept for a wrong program, played once. A right
program is always judged whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.backends import Backends
from autograder.explore.names import RunName
from autograder.grading.judge import judge
from autograder.grading.lanes import LaneSpec, Pool
from autograder.grading.parts import with_reference_parts
from autograder.grading.verdict import Verdict
from autograder.labs import NAMES, Lab, find
from tests.wrong.programs import HERE, program, programs

__all__ = ["Case", "Said", "cases", "differences", "labs_with_backends", "of_one_run", "of_the_judge", "said"]

RIGHT = HERE.parent / "right"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One program of one lab: a wrong one with the task that it breaks and the run that shows it, or a right one."""

    lab: str
    path: Path
    task: str = ""
    run: str = ""
    rule: str = ""
    """The rule that the kept report names."""

    @property
    def name(self) -> str:
        """How tables call it."""
        return self.path.stem

    @property
    def tasks(self) -> list[str] | None:
        """What is judged: the task that a wrong program breaks, all that a right one attempts, all of the reference."""
        lab = find(self.lab)
        if self.task:
            return [self.task]
        if self.name == "reference":
            return None
        wrote = program(self.path)
        return [task.name for task in lab.tasks if task.graded and wrote.is_attempted(task.function)]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one world says of one program."""

    kind: str
    points: int | None
    """None when one run was played only, which earns none."""
    rules: tuple[str, ...]
    """The rules that are broken; of the counterexample alone when one run was played."""
    run: str
    """The counterexample's name."""

    def agrees(self, other: Said) -> bool:
        """The same verdict, points and broken rules; which run shows it is the client's affair."""
        return (self.kind, self.points, self.rules) == (other.kind, other.points, other.rules)


def cases(lab: Lab, *, only_reference: bool = False) -> Iterator[Case]:
    """The right programs of a lab, then its wrong ones, each with the counterexample that is kept for it."""
    for path in programs(RIGHT / lab.name):
        if path.stem == "reference" or not only_reference:
            yield Case(lab=lab.name, path=path)
    tasks = {mistake.name: mistake.task for mistake in lab.mistakes}
    for path in programs(HERE / lab.name):
        run, rule = _kept(lab, path)
        yield Case(lab=lab.name, path=path, task=tasks[path.stem], run=run, rule=rule)


def _kept(lab: Lab, path: Path) -> tuple[str, str]:
    """The run and the rule of the report that is kept for a wrong program; nothing where none is kept yet."""
    report = path.parent / "golden" / f"{path.stem}.txt"
    text = report.read_text(encoding="utf-8") if report.exists() else ""
    run, rule = re.search(r"^    run +(\S+)$", text, re.M), re.search(r"^    rule (\d+) ", text, re.M)
    if run is None or rule is None:
        return "", ""
    return run[1], next(one.name for one in lab.rules if one.number == int(rule[1]))


def labs_with_backends() -> list[Lab]:
    """The labs that need a world at all; what is played in virtual time is the same in each."""
    return [lab for lab in map(find, NAMES) if "backends" in lab.engines]


def of_the_judge(case: Case, backends: Backends, *, lanes: int = 2) -> Said:
    """The judge's full verdict."""
    verdict = judge(case.lab, program(case.path), backends=backends, tasks=case.tasks, lanes=lanes)
    return said(verdict)


def said(verdict: Verdict) -> Said:
    """What is compared of a verdict."""
    shown = [task.counterexample.name for task in verdict.tasks if task.counterexample]
    return Said(
        kind=verdict.kind,
        points=verdict.points,
        rules=tuple(sorted({rule for task in verdict.tasks for rule in task.broken_rules})),
        run=shown[0] if shown else "",
    )


def of_one_run(case: Case, backends: Backends) -> Said:
    """What the kept counterexample shows; the world's own Kafka serves, so that no broker is started for one run."""
    name = RunName.parse(case.run)
    shared = replace(backends, world=f"{backends.world}, its own Kafka")
    spec = LaneSpec(backends=shared, lab=case.lab, program=with_reference_parts(find(case.lab), program(case.path)))
    with Pool(spec, lanes=1) as pool:
        (played,) = pool(name.scenario, [name])
    rules = tuple(sorted({violation.rule for violation in played.violations}))
    kind = "broken" if rules else "passed" if played.reached else "not reached"
    return Said(kind=kind, points=None, rules=rules, run=played.name)


def differences(rows: Mapping[Case, Mapping[str, Said]]) -> list[str]:
    """A sentence for each program of which two worlds say something else."""
    found = []
    for case, worlds in rows.items():
        (first, one), *others = worlds.items()
        found += [
            f"{case.lab} {case.name}: {first} says {one}, {world} says {other}"
            for world, other in others
            if not one.agrees(other)
        ]
    return found
