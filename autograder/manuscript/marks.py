"""The one table of marks: everything that a fence of the manuscript may say beyond "this is Python".

A *mark on a python fence* stands behind the language (```` ```python check="relay" ````). A *block* is a fence of its
own language (```` ```quiz id="d06-once" ````). What is not in this table is a build error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

__all__ = ["BLOCKS", "FENCES", "MARKS", "SHOWN_LANGUAGES", "Mark", "Place", "table"]

Place = Literal["days", "labs", "items"]
"""Where a text stands: days, labs, or the bank of recall items of days that are still to be written."""

SHOWN_LANGUAGES = frozenset(
    ["", "bash", "console", "diff", "http", "ini", "json", "py", "sql", "text", "toml", "xml", "yaml"]
)
"""Fences that stay in the prose; ``py`` is Python that is read and not run."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mark: how it is written, where it may stand and what it becomes."""

    name: str
    form: Literal["fence", "block"]
    places: tuple[Place, ...]
    meaning: str
    example: str
    name_is: Literal["required", "optional"] = "required"
    """Whether a mark on a python fence must carry a name (``check="relay"``)."""
    key: str = "id"
    """The attribute that names a block."""
    needs: tuple[str, ...] = ()
    """Further attributes that must be there."""
    may: tuple[str, ...] = ()
    """Further attributes that may be there."""
    nbgrader: Mapping[str, bool] | None = field(default=None)
    """nbgrader's flags of the cell in a lab; None for a cell that nbgrader does not know."""


def _flags(*, grade: bool = False, solution: bool = False, locked: bool = False) -> Mapping[str, bool]:
    return MappingProxyType({"grade": grade, "locked": locked, "solution": solution, "task": False})


_ALL = (
    Mark(
        name="given",
        form="fence",
        places=("labs",),
        example='```python given="schema"',
        nbgrader=_flags(locked=True),
        meaning="Code that the learner gets and cannot edit; part of the program that is judged.",
    ),
    Mark(
        name="solution",
        form="fence",
        places=("labs",),
        example='```python solution="relay"',
        nbgrader=_flags(solution=True),
        meaning="The learner writes what stands between `### BEGIN SOLUTION` and `### END SOLUTION`; the release"
        " shows `raise NotImplementedError()` in its place.",
    ),
    Mark(
        name="check",
        form="fence",
        places=("labs",),
        example='```python check="relay"',
        may=("points",),
        nbgrader=_flags(grade=True, locked=True),
        meaning='One line, `check("relay")`, written by the builder; its points come from `autograder/labs/`.',
    ),
    Mark(
        name="experiment",
        form="fence",
        places=("days", "labs"),
        example="```python experiment",
        name_is="optional",
        meaning="Code that runs for the reader and is never part of a hand-in.",
    ),
    Mark(
        name="diagram",
        form="fence",
        places=("days", "labs"),
        example='```python diagram="crash"',
        meaning="Code whose last value is a space-time diagram; the prose that follows reads it aloud.",
    ),
    Mark(
        name="predict",
        form="block",
        places=("days", "labs"),
        example='```predict id="d06-crash"',
        meaning="A question that is answered before the next cell runs; it may end with choices, one per `- ` line.",
    ),
    Mark(
        name="quiz",
        form="block",
        places=("days", "labs", "items"),
        example='```quiz id="d06-once"',
        meaning="A question with options: `- [x]` the right one, `- [ ]` the others with `belief:`; all with `reply:`.",
    ),
    Mark(
        name="recall",
        form="block",
        places=("days", "labs"),
        example="```recall day=6",
        key="day",
        meaning="Five questions from earlier days, chosen from the learner's own misses.",
    ),
    Mark(
        name="hint",
        form="block",
        places=("labs",),
        example='````hint task="relay" rung=1',
        key="task",
        needs=("rung",),
        meaning='One rung of three: where to look, which idea, the skeleton. `hint("relay")` opens them in turn.',
    ),
    Mark(
        name="written",
        form="block",
        places=("days", "labs"),
        example='```written id="l06-tradeoff"',
        nbgrader=_flags(grade=True, solution=True),
        meaning="A question answered in words, with `rubric:` and `answer:`, which open after an answer is written.",
    ),
)

MARKS: Mapping[str, Mark] = MappingProxyType({mark.name: mark for mark in _ALL})
FENCES: Mapping[str, Mark] = MappingProxyType({mark.name: mark for mark in _ALL if mark.form == "fence"})
BLOCKS: Mapping[str, Mark] = MappingProxyType({mark.name: mark for mark in _ALL if mark.form == "block"})


def table() -> str:
    """The marks as a Markdown table, for the contributor's guide."""
    rows = [
        f"| `{mark.name}` | ````` {mark.example} ````` | {', '.join(mark.places)} | {mark.meaning} |" for mark in _ALL
    ]
    return "\n".join(["| mark | written as | stands in | what it is |", "|---|---|---|---|", *rows]) + "\n"
