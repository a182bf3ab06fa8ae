"""The sheet of lab 7: what counts as right, which beliefs it shows, and steps that are numbered where they are written."""

from __future__ import annotations

import pytest

from autograder.labs.lab07_pipelines import CAREFUL, COMPOSE, NAMES, RETRY, SHEET, SWITCH, belief_of, steps_max
from shop import pipelines


@pytest.mark.parametrize(
    ("answer", "truth", "right"),
    [
        (("lost", 2), {"lost": (2,)}, True),
        (["twice", 5], {"twice": (4, 5)}, True),
        (("twice", 3), {"twice": (4, 5)}, False),
        (("lost", 4), {"twice": (4, 5)}, False),
        (("holds", 0), {}, True),
        (("holds", 1), {}, False),
        (("holds", 0), {"lost": (2,)}, False),
        (("lost", 1), {}, False),
    ],
)
def test_an_answer_is_right_when_a_kill_after_its_step_does_what_it_says(answer, truth, right):
    assert SHEET.right("p01", answer, truth) is right


@pytest.mark.parametrize("answer", ["lost", 3, ("lost",), ("lost", "2"), ("lost", 2, 3), [["lost"], 2]])
def test_an_answer_of_another_shape_is_not_right_and_breaks_nothing(answer):
    assert SHEET._is_right("p01", answer, {"lost": (2,)}) is False


@pytest.mark.parametrize(
    ("answers", "belief"),
    [
        ({"p07": ("holds", 0)}, SWITCH),
        ({"p11": ("holds", 0)}, COMPOSE),
        ({"p03": ("holds", 0)}, RETRY),
        ({"p12": ("twice", 4)}, CAREFUL),
        ({"p01": ("holds", 0), "p12": ("holds", 0)}, ""),
        ({"p07": 7, "p11": []}, ""),
    ],
)
def test_a_sheet_shows_the_belief_behind_it(answers, belief):
    assert belief_of(answers) == belief


def test_there_are_twelve_pipelines_and_their_steps_are_numbered():
    assert NAMES == tuple(f"p{number:02d}" for number in range(1, 13))
    assert [steps_max(name) for name in NAMES] == [3, 3, 3, 3, 6, 6, 8, 3, 3, 4, 10, 10]


def test_a_pipeline_can_be_read_by_its_name():
    assert pipelines.shown("p09").startswith("def p09(")
