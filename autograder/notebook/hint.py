"""Hints: three rungs per task, free, opened one by one.

Asking for the next rung without a changed attempt is answered once with a question, and then opens it anyway: help
that costs nothing but a moment of thought is used better (Aleven & Koedinger 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .answers import Record
from .attempt import attempt_at, executed_cells, fingerprint, is_untouched, saved_cells
from .bank import Hints
from .card import Card, quoted
from .learner import Learner, learner

__all__ = ["Step", "hint", "hint_card", "hints_for", "next_step"]


@dataclass(frozen=True)
class Step:
    """What happens when a hint is asked for: rungs 1 to `rung` are shown, or the learner is asked first."""

    rung: int
    asks: str = ""
    opens: bool = False


def hint(task: str, lab: str = "") -> Card:
    """Open the next of the three hints for a task of this notebook; hints cost nothing."""
    of = learner()
    found = hints_for(of, task, lab)
    if isinstance(found, Card):
        return found
    return hint_card(of, found, attempt_at(found.task, saved_cells(of.folder, found.page), executed_cells()))


def hint_card(of: Learner, hints: Hints, attempt: str) -> Card:
    """What `hint` shows, given who asks and the attempt so far; it keeps what was opened."""
    step = next_step(hints, of.answers.records(), attempt)
    if step.asks or step.opens:
        kind = "hint-asked" if step.asks else "hint"
        rung = step.rung + 1 if step.asks else step.rung
        of.answers.keep(Record(kind=kind, id=hints.id, at=of.now, rung=rung, attempt=fingerprint(attempt)))
    names = ("where to look", "which idea", "the skeleton")
    shown = [
        f"**Hint {number} of 3, {names[number - 1]}.**\n\n{hints.rungs[number - 1]}"
        for number in range(1, step.rung + 1)
    ]
    return Card("\n\n".join([*shown, *([step.asks] if step.asks else [])]))


def next_step(hints: Hints, records: Sequence[Record], attempt: str) -> Step:
    """Which rung comes next: a pure function of what was opened before and of the attempt."""
    own = [record for record in records if record.id == hints.id and record.kind in ("hint", "hint-asked")]
    rung = max((record.rung for record in own if record.kind == "hint"), default=0)
    if rung >= len(hints.rungs):
        return Step(rung)
    asked = any(record.kind == "hint-asked" and record.rung == rung + 1 for record in own)
    if asked or not _unchanged(own, attempt):
        return Step(rung + 1, opens=True)
    if rung == 0:
        return Step(
            0, "You have not tried yet. Write a first attempt, or run the cell again to open the first hint anyway."
        )
    return Step(
        rung, f"You have not changed your attempt since hint {rung}. Run the cell again to open the next one anyway."
    )


def hints_for(of: Learner, task: str, lab: str = "") -> Hints | Card:
    """The hints of a task; `lab`, or else the notebook in this folder, decides between tasks of the same name."""
    named = [hints for hints in of.bank.hints if hints.task == task and hints.page.startswith(lab)]
    here = [hints for hints in named if (of.folder / f"{hints.page}.ipynb").exists()]
    if len(here or named) == 1:
        return (here or named)[0]
    if named:
        return Card(f"Several labs have a task {quoted(task)}; say which: `hint({task!r}, lab={named[0].page!r})`.")
    tasks = [hints.task for hints in of.bank.hints if hints.page.startswith(lab)]
    there_are = f" There are hints for {', '.join(dict.fromkeys(tasks))}." if tasks else ""
    return Card(f"There are no hints for {quoted(repr(task))}.{there_are}")


def _unchanged(own: Sequence[Record], attempt: str) -> bool:
    opened = [record for record in own if record.kind == "hint"]
    return opened[-1].attempt == fingerprint(attempt) if opened else is_untouched(attempt)
