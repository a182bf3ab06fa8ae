"""Who is asking: the bank, this learner's answers, the time and the folder of the notebook, in one value."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from .answers import Answers, answers_file
from .bank import Bank, Hints, Item, Prediction, Quiz, Written, bank
from .card import Card, quoted

__all__ = ["Learner", "learner"]

_NOUNS: dict[type, str] = {Hints: "hint", Prediction: "prediction", Quiz: "quiz question", Written: "written question"}
_Item = TypeVar("_Item", bound=Item)


@dataclass(frozen=True, kw_only=True)
class Learner:
    """What the learning pieces work with; tests make their own."""

    bank: Bank
    answers: Answers
    now: datetime
    """With the time zone in which the learner's days begin."""
    folder: Path
    """Where the notebook stands."""

    def item(self, id: object, kind: type[_Item]) -> _Item | Card:
        """The item with this id, or a card that says which id is nearest."""
        found = self.bank.find(str(id))
        if isinstance(found, kind):
            return found
        ids = [item.id for page in self.bank.pages for item in page.items if isinstance(item, kind)]
        close = difflib.get_close_matches(str(id), ids, 1, cutoff=0.8)
        advice = f"Did you mean `{close[0]}`?" if close else "Ids stand in the notebook as it was given to you."
        return Card(f"There is no {_NOUNS[kind]} with the id {quoted(repr(id))}. {advice}")


def learner() -> Learner:
    """The learner at this machine, now."""
    return Learner(bank=bank(), answers=Answers(answers_file()), now=datetime.now().astimezone(), folder=Path.cwd())
