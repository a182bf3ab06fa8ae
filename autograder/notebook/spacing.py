"""Spaced review: a missed question comes back after 1, 3, 7 and 14 days, and from the start when it is missed again.

The schedule is Leitner's (So lernt man lernen, 1972) with expanding intervals; Cepeda et al. (2006) review why spacing
works. Everything here is a pure function of the records and the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .answers import Record
from .bank import Bank, Quiz

__all__ = ["INTERVALS_DAYS", "RECALLED", "REVIEWED", "REVIEW_DAYS", "Missed", "due_items", "missed", "next_due", "recall_items"]

INTERVALS_DAYS = (1, 3, 7, 14)
RECALLED = 5
"""How many questions open a day."""
REVIEW_DAYS = (7, 14)
"""Days that look back: they open with all that is still missed, due or not, and with more of it."""
REVIEWED = 10
"""How many questions open a day that looks back."""


@dataclass(frozen=True, kw_only=True)
class Missed:
    """A question that was answered wrongly and has not been answered rightly four times since."""

    id: str
    box: int
    """How often it was answered rightly since, from 0 to 3."""
    last: date

    @property
    def due(self) -> date:
        """The day on which it comes back."""
        return self.last + timedelta(days=INTERVALS_DAYS[self.box])


def missed(records: Iterable[Record], now: datetime) -> dict[str, Missed]:
    """All misses that are still in review; days begin at midnight in the time zone of `now`."""
    found: dict[str, Missed] = {}
    for record in records:
        if record.kind not in ("quiz", "recall", "review") or record.right is None:
            continue
        day = record.at.astimezone(now.tzinfo).date()
        before = found.get(record.id)
        if not record.right:
            found[record.id] = Missed(id=record.id, box=0, last=day)
        elif before and day >= before.due:  # Right again on the same day shows a good eye, not memory.
            del found[record.id]
            if before.box + 1 < len(INTERVALS_DAYS):
                found[record.id] = Missed(id=record.id, box=before.box + 1, last=day)
    return found


def due_items(now: datetime, records: Sequence[Record], bank: Bank, *, before_day: int | None = None) -> list[Quiz]:
    """The misses that are due, the longest overdue first; only of days before `before_day`, when that is given."""
    quizzes = {quiz.id: quiz for quiz in bank.quizzes if before_day is None or quiz.day < before_day}
    due = [one for one in missed(records, now).values() if one.due <= now.date() and one.id in quizzes]
    return [quizzes[one.id] for one in sorted(due, key=lambda one: (one.due, one.id))]


def next_due(now: datetime, records: Sequence[Record], bank: Bank) -> tuple[int, int] | None:
    """In how many days the next misses come back that are not due yet, and how many they are."""
    known = {quiz.id for quiz in bank.quizzes}
    later = [one.due for one in missed(records, now).values() if one.due > now.date() and one.id in known]
    return ((min(later) - now.date()).days, later.count(min(later))) if later else None


def recall_items(day: int, now: datetime, records: Sequence[Record], bank: Bank, count: int = 0) -> list[Quiz]:
    """The questions that open a day: due misses first, then questions of earlier days that were not asked yet.

    On a day that looks back all misses come first, those that are not due yet behind the others.
    """
    looks_back = day in REVIEW_DAYS
    count = count or (REVIEWED if looks_back else RECALLED)
    due = due_items(now, records, bank, before_day=day)
    in_review = missed(records, now)
    asked = {record.id for record in records if record.kind in ("quiz", "recall", "review")}
    earlier = [quiz for quiz in _spread(day, bank) if quiz not in due]
    new = [quiz for quiz in earlier if quiz.id not in asked]
    known = [quiz for quiz in earlier if quiz.id in asked and quiz.id not in in_review]
    later = [quiz for quiz in earlier if quiz.id in in_review]
    return [*due, *later, *new, *known][:count] if looks_back else [*due, *new, *known, *later][:count]


def _spread(day: int, bank: Bank) -> list[Quiz]:
    """The questions of earlier days in turn: one of yesterday, one of the day before, ..., then yesterday again."""
    by_day: dict[int, list[Quiz]] = {}
    for quiz in bank.quizzes:
        if quiz.day < day:
            by_day.setdefault(quiz.day, []).append(quiz)
    for number, quizzes in by_day.items():
        start = (day - number - 1) % len(quizzes)
        by_day[number] = quizzes[start:] + quizzes[:start]
    turns = [(turn, -number, quiz) for number, quizzes in by_day.items() for turn, quiz in enumerate(quizzes)]
    return [quiz for _, _, quiz in sorted(turns, key=lambda one: one[:2])]
