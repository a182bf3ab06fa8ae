"""A question answered in words: the rubric opens once an answer is written, and the learner assesses it."""

from __future__ import annotations

from .answers import Record
from .attempt import saved_cells, saved_text
from .bank import Written
from .card import Card
from .learner import Learner, learner

__all__ = ["written", "written_card"]

_KEPT_CHARACTERS_MAX = 20_000


def written(id: str, answer: str = "") -> Card:
    """Open the rubric of a written question; the answer stands in the cell above (saved), or is given here."""
    return written_card(learner(), id, answer)


def written_card(of: Learner, id: str, answer: str) -> Card:
    """What `written` shows, given who asks; every changed answer is kept."""
    item = of.item(id, Written)
    if isinstance(item, Card):
        return item
    text = str(answer or "").strip() or saved_text(item.id, saved_cells(of.folder, item.page))
    if not text:
        return Card(
            "Write your answer in the cell above, save the notebook (Ctrl+S) and run this cell: the rubric opens."
        )
    before = of.answers.of("written", item.id)
    refused = ""
    if not before or before[-1].answer != text[:_KEPT_CHARACTERS_MAX]:
        refused = of.answers.keep(Record(kind="written", id=item.id, at=of.now, answer=text[:_KEPT_CHARACTERS_MAX]))
    parts = ["**Read your answer against this.**", item.rubric, "**One good answer.**", item.answer, refused]
    return Card("\n\n".join(part for part in parts if part))
