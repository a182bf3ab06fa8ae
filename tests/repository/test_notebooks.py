"""Committed notebooks carry no outputs, and every lab has wrong and right programs that keep its judge honest."""

from __future__ import annotations

import json

import pytest

from autograder.labs import NAMES
from tests.repository.tree import ROOT, files

WRONG_MIN, RIGHT_MIN = 6, 3


@pytest.mark.parametrize("path", list(files("days/**/*.ipynb", "labs/**/*.ipynb", "solutions/**/*.ipynb")), ids=str)
def test_a_committed_notebook_has_not_been_run(path):
    cells = json.loads((ROOT / path).read_text(encoding="utf-8"))["cells"]
    run = [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")]
    assert run == []


@pytest.mark.parametrize("lab", NAMES)
def test_a_lab_stands_in_all_three_places(lab):
    for place in (f"labs/{lab}/{lab}.ipynb", f"solutions/{lab}/{lab}.ipynb", f"manuscript/labs/{lab}.md"):
        assert (ROOT / place).is_file(), place


@pytest.mark.parametrize("lab", NAMES)
def test_a_lab_has_enough_wrong_and_right_programs(lab):
    wrong = [path for path in files(f"tests/wrong/{lab}/*.py") if path.name != "__init__.py"]
    right = [path for path in files(f"tests/right/{lab}/*.py") if path.name != "__init__.py"]
    assert len(wrong) >= WRONG_MIN and len(right) >= RIGHT_MIN
