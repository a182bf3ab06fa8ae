"""A miss comes back after 1, 3, 7 and 14 days; recall fills up with questions of earlier days."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from autograder.notebook.answers import Record
from autograder.notebook.bank import Bank, Option, Page, Quiz
from autograder.notebook.spacing import due_items, missed, recall_items

HOME = timezone(timedelta(hours=5))
DAY_ONE = datetime(2026, 3, 2, 21, 0, tzinfo=HOME)
OPTIONS = (Option(text="yes", reply="r", belief=None), Option(text="no", reply="r", belief="b"))


def page(day: int, count: int = 8) -> Page:
    quizzes = tuple(Quiz(id=f"d{day:02d}-{n}", day=day, question="?", options=OPTIONS) for n in range(count))
    return Page(name=f"day{day:02d}", day=day, title="", quizzes=quizzes)


BANK = Bank.of(page(day) for day in (1, 2, 3))


def answered(id: str, right: bool, after_days: float = 0) -> Record:
    return Record(kind="quiz", id=id, at=DAY_ONE + timedelta(days=after_days), answer="a", right=right)


def due_after(days: float, *records: Record) -> list[str]:
    return [quiz.id for quiz in due_items(DAY_ONE + timedelta(days=days), records, BANK)]


def test_a_miss_is_due_on_the_next_day_and_not_before() -> None:
    miss = answered("d01-0", False)
    assert due_after(0.1, miss) == []
    assert due_after(0.2, miss) == ["d01-0"]  # 21:00 and 4 h 48 min: the learner's next day has begun.
    assert due_after(30, miss) == ["d01-0"]


def test_each_right_answer_makes_the_pause_longer_until_it_is_learnt() -> None:
    records = [answered("d01-0", False)]
    day = 0
    for pause in (1, 3, 7, 14):
        assert due_after(day + pause - 1, *records) == []
        assert due_after(day + pause, *records) == ["d01-0"]
        day += pause
        records.append(answered("d01-0", True, day))
    assert due_after(1000, *records) == []
    assert missed(records, DAY_ONE) == {}


def test_a_second_miss_starts_from_the_beginning() -> None:
    records = [answered("d01-0", False), answered("d01-0", True, 1), answered("d01-0", False, 4)]
    assert due_after(5, *records) == ["d01-0"]


def test_right_on_the_same_day_is_no_proof() -> None:
    assert due_after(1, answered("d01-0", False), answered("d01-0", True, 0.05)) == ["d01-0"]


def test_what_was_right_at_once_is_not_reviewed() -> None:
    assert due_after(30, answered("d01-0", True)) == []


def test_the_longest_overdue_comes_first_and_strangers_are_left_out() -> None:
    records = [
        answered("d02-1", False, 1),
        answered("d02-0", False, 1),
        answered("d01-5", False),
        answered("gone", False),
    ]
    assert due_after(9, *records) == ["d01-5", "d02-0", "d02-1"]


def recalled(day: int, *records: Record, after_days: float = 2) -> list[str]:
    return [quiz.id for quiz in recall_items(day, DAY_ONE + timedelta(days=after_days), records, BANK)]


def test_without_records_recall_takes_turns_between_the_earlier_days() -> None:
    assert [id[:3] for id in recalled(4)] == ["d03", "d02", "d01", "d03", "d02"]
    assert recalled(4) == recalled(4)
    assert recalled(1) == []


def test_due_misses_come_first_and_only_of_earlier_days() -> None:
    found = recalled(3, answered("d01-7", False), answered("d03-0", False))
    assert found[0] == "d01-7"
    assert len(found) == len(set(found)) == 5
    assert not any(id.startswith("d03") for id in found)


def test_questions_that_were_not_asked_come_before_those_that_were() -> None:
    records = [answered(f"d01-{number}", True) for number in range(7)]
    assert recalled(2, *records)[0] == "d01-7"
    assert len(recalled(2, *records)) == 5


def test_a_day_that_looks_back_opens_with_every_miss_due_or_not_and_with_ten_questions() -> None:
    records = [answered("d03-7", False), answered("d01-6", False, -3)]
    found = recalled(7, *records, after_days=0.1)
    assert found[:2] == ["d01-6", "d03-7"]
    assert len(found) == 10 and len(set(found)) == 10
