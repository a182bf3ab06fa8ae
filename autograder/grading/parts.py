"""Parts: what earlier labs have made, for the programs of later ones. Kept once with full points, never taken back.

Whose part is used is decided by who asks. A check in the learner's own clone takes the learner's parts, and the
reference's where there are none. A hand-in holds one notebook, so it is judged with the reference's parts wherever it
is graded: the same bytes get the same points on every machine. Parts run where the program runs, in the subject.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from autograder.backends import ROOT, BackendError, state_folder
from autograder.grading.course import write_whole
from autograder.grading.handins import taken
from autograder.grading.program import Cell, Part, Program
from autograder.grading.verdict import Verdict
from autograder.labs import Lab, find
from autograder.labs.parts import SIGNATURES, function_of

__all__ = ["keep", "parts_folder", "reference_part", "reference_program", "said_of", "with_own_parts", "with_reference_parts"]


def parts_folder() -> Path:
    """Where the learner's parts are kept: beside the scores, out of the way of updates."""
    return state_folder() / "learner" / "parts"


def keep(verdict: Verdict, program: Program) -> tuple[str, ...]:
    """Keep the source of every task that has full points; one sentence where that did not work."""
    try:
        for task in verdict.tasks:
            if task.is_full:
                function = find(verdict.lab).task(task.task).function
                _keep(Part(lab=verdict.lab, task=task.task, function=function, cells=program.cells, own=True))
    except (BackendError, OSError) as error:
        return (f"Your finished tasks were not kept for later labs: {error}",)
    return ()


def _keep(part: Part) -> None:
    path = _place(part.lab, part.task)
    kept = json.dumps({**asdict(part), "sha256": part.sha256}, ensure_ascii=False, indent=1, sort_keys=True).encode()
    if not path.exists() or path.read_bytes() != kept:
        write_whole(path, kept)


def _place(lab: str, task: str) -> Path:
    return parts_folder() / lab / f"{task}.json"


def own_part(name: str) -> Part | None:
    """The learner's part of this name; None where there is none that can be read whole."""
    lab, _, task = name.partition("/")
    try:
        kept = json.loads(_place(lab, task).read_text("utf-8"))
        cells = tuple(Cell(**cell) for cell in kept["cells"])
        part = Part(lab=lab, task=task, function=function_of(name), cells=cells, own=True)
        return part if part.sha256 == kept["sha256"] and Program(title=lab, cells=cells).is_attempted(part.function) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@cache
def reference_part(name: str) -> Part:
    """The reference's part of this name, from the solution that the clone comes with."""
    lab, _, task = name.partition("/")
    program, _ = taken(find(lab), ROOT / "solutions" / lab / f"{lab}.ipynb")
    return Part(lab=lab, task=task, function=function_of(name), cells=program.cells, own=False)


@cache
def reference_program(lab_name: str) -> Program:
    """The reference of a lab, from the solution that the clone comes with, on the reference's parts."""
    lab = find(lab_name)
    program, _ = taken(lab, ROOT / "solutions" / lab.name / f"{lab.name}.ipynb")
    return with_reference_parts(lab, program)


def with_own_parts(lab: Lab, program: Program) -> Program:
    """The program with the parts that its lab uses: the learner's, and the reference's where there are none."""
    return replace(program, parts=tuple(own_part(name) or reference_part(name) for name in _used(lab)))


def with_reference_parts(lab: Lab, program: Program) -> Program:
    """The program with the reference's parts, unless it comes with some."""
    return program if program.parts else replace(program, parts=tuple(map(reference_part, _used(lab))))


def _used(lab: Lab) -> Iterator[str]:
    """The parts that a lab uses, and those that they use themselves."""
    names = dict.fromkeys(lab.uses)
    for name in lab.uses:
        names |= dict.fromkeys(_used(find(name.partition("/")[0])))
    unknown = [name for name in names if name not in SIGNATURES]
    assert not unknown, f"{lab.name} uses parts without a frozen signature: {', '.join(unknown)}"
    yield from names


def said_of(program: Program) -> tuple[str, ...]:
    """One sentence for the report: whose parts were used; nothing where the program uses none."""
    if not program.parts:
        return ()
    own = _listed([part for part in program.parts if part.own])
    theirs = _listed([part for part in program.parts if not part.own])
    said = [f"{own} as you wrote it" if own else "", f"{theirs} from the reference" if theirs else ""]
    return (f"Parts of earlier labs: {'; '.join(filter(None, said))}.",)


def _listed(parts: list[Part]) -> str:
    return ", ".join(f"{part.function} (lab {find(part.lab).number})" for part in parts)
