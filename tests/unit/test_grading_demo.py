"""The demo's naive hand-in is a real notebook of the lab, and the demo's code says whether all went as it should."""

from __future__ import annotations

import importlib
import inspect
from types import SimpleNamespace

import pytest

from autograder.grading import demo
from autograder.grading.handins import read_handin, taken
from autograder.labs import find
from tests.unit.handin_notebooks import LAB, NAME, cell, put

BROKEN = SimpleNamespace(tasks=[SimpleNamespace(kind="broken", counterexample="06.place.p1")])
NOT_BROKEN = SimpleNamespace(tasks=[SimpleNamespace(kind="passed", counterexample=None)])
FULL = SimpleNamespace(kind="passed", points=100, points_max=100)
LESS = SimpleNamespace(kind="broken", points=90, points_max=100)


def test_the_naive_hand_in_fills_the_core_tasks_and_leaves_the_rest(tmp_path):
    notebook = demo.naive_handin(LAB)
    assert read_handin(LAB, "naive", put(notebook, tmp_path / f"{NAME}.ipynb")).rejected == ""
    program, _ = taken(LAB, tmp_path / f"{NAME}.ipynb")
    written = {name: program.is_attempted(name) for name in ("place_order", "relay", "receive", "clean_up", "relay_alone")}
    assert written == {"place_order": True, "relay": True, "receive": True, "clean_up": False, "relay_alone": False}
    assert cell(notebook, "solution-place_order")["source"].startswith("def place_order(at: Addresses")


@pytest.mark.parametrize("number", [1, 2, 3, 6, 8, 12, 13])
def test_whatever_a_naive_hand_in_says_stands_in_its_cells_word_for_word(number):
    lab = find(str(number))
    naive = importlib.import_module(f"autograder.labs.naive.{lab.name}")
    sources = ["".join(cell["source"]) for cell in demo.naive_handin(lab)["cells"]]
    for name in naive.__all__:
        assert any(inspect.getsource(getattr(naive, name)).strip() in source for source in sources), name


@pytest.mark.parametrize(
    ("ran", "first", "second", "code", "said"),
    [
        (True, BROKEN, FULL, 0, "Now it is your turn"),
        (False, BROKEN, FULL, 4, "day 6 did not run to its end"),
        (True, NOT_BROKEN, FULL, 4, "the naive hand-in was not broken"),
        (True, BROKEN, LESS, 4, "the reference did not get full points"),
    ],
)
def test_the_code_says_whether_all_went_as_it_should(capsys, ran, first, second, code, said):
    assert demo._verdict(ran, first, second) == code
    assert said in capsys.readouterr().out
