"""What of a day's cells a run is made of."""

from __future__ import annotations

import pytest

from autograder.grading.experiments import program_of_cells
from autograder.grading.selection import used_by

CELLS = [
    "from __future__ import annotations\nimport matplotlib.pyplot as plt\nimport psycopg",
    "PRICE = 4_900\nUNUSED = PRICE * 2\ndef cents(quantity):\n    return PRICE * quantity",
    "class Shelf:\n    limit: int = 3\ndef plot():\n    plt.show()",
    "@staticmethod\ndef place(at, shelf=Shelf):\n    with psycopg.connect(at.postgres):\n        return cents(2)",
]


def test_a_run_gets_what_its_functions_use_and_its_lines_keep_their_numbers() -> None:
    first, second, third, fourth = used_by(["place"], CELLS)
    assert first == "from __future__ import annotations\n\nimport psycopg"
    assert second == "PRICE = 4_900\n\ndef cents(quantity):\n    return PRICE * quantity"
    assert third == "class Shelf:\n    limit: int = 3\n\n"
    assert fourth == CELLS[3]


def test_a_name_that_is_bound_twice_is_bound_twice_and_recursion_ends() -> None:
    cells = ["def step(n):\n    return n", "old = step\ndef step(n):\n    return step(old(n - 1))"]
    assert used_by(["step"], cells) == cells


@pytest.mark.parametrize("line", ["from shop import *", "from __future__ import annotations"])
def test_what_nobody_names_is_for_everybody(line: str) -> None:
    assert used_by(["place"], [line, "def place(at): pass"]) == [line, "def place(at): pass"]


def test_a_cell_that_is_not_used_is_no_part_of_the_program() -> None:
    program = program_of_cells(["import json", "%matplotlib inline", "def place(at):\n    print(json)"], ["place"])
    assert [cell.name for cell in program.cells] == ["notebook, cell 1", "notebook, cell 3"]
    assert program.is_attempted("place") and not program.is_attempted("relay")
