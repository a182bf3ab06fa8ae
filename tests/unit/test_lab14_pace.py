"""Throughput beside the reference: a factor of four decides, and only when it shows in every try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from autograder.explore.names import RunName
from autograder.history import History
from autograder.invariants import State
from autograder.invariants.sale import Pace, it_keeps_pace
from autograder.labs import find, lab14_pace
from autograder.labs.lab14_pace import LIMIT_S, SLOWEST, TRIES

PACE = find("14").scenario("pace")


def judged(*paces: Pace) -> str:
    found = it_keeps_pace(History(run="14.pace", title="", processes=("sale",)), State(moment="", at=1, known={"pace": paces}))
    return found.evidence if found else ""


def test_a_quarter_is_enough_and_less_is_not() -> None:
    assert judged(Pace(workers=1, reference_per_s=80, own_per_s=20), Pace(workers=4, reference_per_s=80, own_per_s=500)) == ""
    assert judged(Pace(workers=2, reference_per_s=80, own_per_s=19.9)) == (
        "with 2 workers 20 buyers are answered in a second; the reference, right before, answered 80"
    )


def test_nothing_is_said_beside_a_reference_that_answered_nobody() -> None:
    assert judged(Pace(workers=1, reference_per_s=0, own_per_s=0)) == ""


class Lane:
    """A lane on which sales take as long as a list says; it knows whose turn it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, reference_s: list[float], own_s: list[float]) -> None:
        self.left = {"reference": reference_s, "own": own_s}
        self.turn, self.asked = "own", list[tuple[str, int, float]]()
        self.say = lambda line: None
        monkeypatch.setattr(lab14_pace, "_sold", self.sold)

    @contextmanager
    def as_reference(self) -> Iterator[None]:
        self.turn = "reference"
        yield
        self.turn = "own"

    def sold(self, lane: Any, buyers: int, workers: int, limit_s: float) -> tuple[float, float]:
        self.asked.append((self.turn, workers, limit_s))
        seconds = self.left[self.turn].pop(0)
        return buyers / seconds, seconds


def played(lane: Lane) -> Any:
    return PACE.play_on(lane, RunName(lab="14", scenario="pace", input=PACE.input))


def test_each_number_of_workers_is_measured_beside_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = Lane(monkeypatch, [1.0, 0.5, 0.5], [2.0, 1.0, 1.9])
    done = played(lane)
    assert not done.violations
    assert [(whose, workers) for whose, workers, _ in lane.asked] == [
        ("reference", 1), ("own", 1), ("reference", 2), ("own", 2), ("reference", 4), ("own", 4),
    ]  # fmt: skip
    assert "      4         120      32    0.26" in done.pages[1]
    assert "<td" in done.pages[0] and ">0.26<" in done.pages[0]


def test_a_machine_that_was_busy_for_a_moment_fails_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = Lane(monkeypatch, [1.0] * 5, [9.0, 9.0, 1.0, 1.0, 1.0])
    assert not played(lane).violations
    assert lane.left == {"reference": [], "own": []}


def test_what_is_slow_in_every_try_is_slow_and_ends_the_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = Lane(monkeypatch, [1.0, 1.0, 2.0], [4.1, 9.0, 9.0])
    [violation] = played(lane).violations
    assert violation.rule == "it_keeps_pace"
    assert len(lane.asked) == 2 * TRIES
    assert [limit for whose, _, limit in lane.asked if whose == "own"] == [max(LIMIT_S, SLOWEST * s) for s in (1.0, 1.0, 2.0)]
