"""Which cells of a notebook become the learner's program, and what is said about the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.program import Program
from autograder.grading.selection import definitions_only, without_magics
from autograder.grading.submission import read_program

TASKS = ("place_order", "relay")
PLACE = "def place_order(at, command):\n    return 1"
RELAY = "def relay(at):\n    return 0"


def cell(source: str, *, kind: str = "code", cell_id: str = "", tags: tuple[str, ...] = (), **marks: Any) -> dict:
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    if marks:
        metadata["nbgrader"] = {"grade": False, "solution": False, "locked": False} | marks
    return {"cell_type": kind, "id": cell_id or marks.get("grade_id", ""), "metadata": metadata, "source": source}


def given(source: str, grade_id: str = "given-1") -> dict:
    return cell(source, grade_id=grade_id, locked=True)


def solution(source: str, grade_id: str, **more: Any) -> dict:
    return cell(source, grade_id=grade_id, solution=True, **more)


def taken(tmp_path: Path, *cells: dict, unsaved: dict[str, str] | None = None) -> Program:
    path = tmp_path / "lab06_outbox.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": list(cells)}))
    return read_program(path, lab="lab06_outbox", tasks=TASKS, unsaved=unsaved)


def test_given_and_solution_cells_are_taken_in_order_and_checks_never(tmp_path: Path) -> None:
    check = cell("print('points')", grade_id="check-relay", grade=True, locked=True)
    text = cell("# A title", kind="markdown")
    place, relay = solution(PLACE, "place_order"), solution(RELAY, "relay")
    program = taken(tmp_path, text, given("import shop"), place, check, relay)
    assert [(part.name, part.role, part.task) for part in program.cells] == [
        ("lab06_outbox, cell 2", "given", "given-1"),
        ("lab06_outbox, cell 3", "solution", "place_order"),
        ("lab06_outbox, cell 5", "solution", "relay"),
    ]
    assert (program.lost, program.notes) == ({}, ())


@pytest.mark.parametrize("tag", ["experiment", "check", "predict", "quiz", "written"])
def test_learning_pieces_are_never_taken(tmp_path: Path, tag: str) -> None:
    program = taken(tmp_path, cell("import os\nx = 1", tags=(tag,)), solution(PLACE, "place_order"))
    assert [part.role for part in program.cells] == ["solution"]


def test_a_written_answer_in_a_graded_cell_is_never_run(tmp_path: Path) -> None:
    written = cell("because", grade_id="why", grade=True, solution=True)
    assert [part.task for part in taken(tmp_path, written, solution(RELAY, "relay")).cells] == ["relay"]


def test_of_a_free_cell_only_what_defines_names_is_taken(tmp_path: Path) -> None:
    source = "import shop\nBATCH = 2 * 50\nprint(BATCH)\nconnection = connect()\ndef rows(n):\n    return n\nrows(3)"
    uses = solution("def place_order(at, command):\n    return shop, BATCH, rows", "place_order")
    program = taken(tmp_path, cell(source, cell_id="mine"), uses, solution(RELAY, "relay"))
    assert program.cells[0].source == "import shop\nBATCH = 2 * 50\n\n\ndef rows(n):\n    return n"
    assert (program.cells[0].role, program.cells[0].name) == ("free", "lab06_outbox, cell 1")


def test_of_a_free_cell_only_what_the_solutions_use_is_taken(tmp_path: Path) -> None:
    plots = cell("import matplotlib.pyplot as plt\nimport json\ndef plot():\n    plt.show()\ndef text(x):\n    return json.dumps(x)")
    uses = solution("def place_order(at, command):\n    return text(command)", "place_order")
    program = taken(tmp_path, cell("import math"), plots, uses, solution(RELAY, "relay"))
    assert program.cells[0].source == "\nimport json\n\n\ndef text(x):\n    return json.dumps(x)"
    assert len(program.cells) == 3


DEFINITIONS = {
    "names of kept imports": ("import shop\nT = shop.TOPIC", "import shop\nT = shop.TOPIC"),
    "names of dropped lines": ("rows = load()\nfirst = rows", "\n"),
    "calls": ("at = setup(6)", ""),
    "subscripts": ("x = [1][0]", ""),
    "decorators": ("import a\n@a.b\n# why\ndef f():\n    pass", "import a\n@a.b\n# why\ndef f():\n    pass"),
    "several on a line": ("import os; print(1); N = 2", "import os; N = 2"),
    "after a dropped one": ("print(1); import os", "import os"),
    "letters of more bytes": ("print('é'); N = 'ü'; print('é')", "N = 'ü'"),
    "an import with a spare": (
        "try:\n    import a\nexcept ImportError:\n    a = None",
        "try:\n    import a\nexcept ImportError:\n    a = None",
    ),
    "a main guard": ("if __name__ == '__main__':\n    relay(at)", "\n"),
    "annotated constants": ("N: int = -1\nM: int", "N: int = -1\n"),
    "loops": ("for n in range(3):\n    print(n)", "\n"),
    "text over several lines": ("T = '''a\nb'''\nprint(T)", "T = '''a\nb'''\n"),
}


@pytest.mark.parametrize(("source", "kept"), DEFINITIONS.values(), ids=DEFINITIONS.keys())
def test_definitions_keep_their_lines(source: str, kept: str) -> None:
    assert definitions_only(source, known=()) == kept


MAGICS = {
    "a line magic": ("%matplotlib inline\nx = 1", "pass\nx = 1"),
    "a shell line": ("!ls\nx = 1", "pass\nx = 1"),
    "a shell line that gives a name": ("files = !ls\nx = 1", "pass\nx = 1"),
    "help": ("relay?\nx = 1", "pass\nx = 1"),
    "a measured cell": ("%%time\nx = 1", "pass\nx = 1"),
    "a cell in another language": ("%%bash\nrm -rf /", ""),
    "the only line of a block": ("if True:\n    %time x\n", "if True:\n    pass\n"),
}


@pytest.mark.parametrize(("source", "kept"), MAGICS.values(), ids=MAGICS.keys())
def test_notebook_commands_are_left_out(source: str, kept: str) -> None:
    assert without_magics(source) == (kept, True)


@pytest.mark.parametrize("source", ["x = ('%d'\n% 3)", "'''\n!ls\n'''", "x = 7\n", "def f(:"])
def test_a_percent_sign_that_is_python_stays(source: str) -> None:
    assert without_magics(source) == (source, False)


def test_left_out_commands_are_told(tmp_path: Path) -> None:
    program = taken(tmp_path, solution("%time\n" + RELAY, "relay"), solution(PLACE, "place_order"))
    assert program.notes == ("The notebook commands of cell 1 (lines with % or !) were left out.",)
    assert program.cells[0].source == "pass\n" + RELAY


def test_an_unsaved_cell_takes_precedence_and_is_named(tmp_path: Path) -> None:
    cells = [solution(PLACE, "place_order"), solution(RELAY, "relay", cell_id="c9")]
    newer = RELAY.replace("0", "1")
    program = taken(tmp_path, *cells, unsaved={"c9": newer, "place_order": PLACE, "gone": "x"})
    assert program.cells[1].source == newer
    assert program.unsaved == ("relay",)


def test_equal_copies_of_a_cell_count_once(tmp_path: Path) -> None:
    program = taken(tmp_path, solution(PLACE, "place_order"), solution(RELAY, "relay"), solution(RELAY, "relay"))
    assert [part.task for part in program.cells] == ["place_order", "relay"]
    assert program.notes == ("Cell 3 is a copy of cell 2 and was left out.",)


def test_different_copies_cost_their_own_task_only(tmp_path: Path) -> None:
    other = RELAY.replace("0", "1")
    program = taken(tmp_path, solution(PLACE, "place_order"), solution(RELAY, "relay"), solution(other, "relay"))
    assert [part.task for part in program.cells] == ["place_order"]
    assert program.lost["relay"].startswith("Cells 2 and 3 are both the cell of task relay and differ")


def test_a_deleted_cell_costs_its_own_task_only(tmp_path: Path) -> None:
    program = taken(tmp_path, solution(PLACE, "place_order"))
    assert [part.task for part in program.cells] == ["place_order"]
    sentence = "The cell of task relay is not in the notebook; copy it from a fresh lab06_outbox."
    assert program.lost == {"relay": sentence}


def test_a_cell_turned_into_text_costs_its_own_task_only(tmp_path: Path) -> None:
    program = taken(tmp_path, solution(PLACE, "place_order"), solution(RELAY, "relay", kind="markdown"))
    assert "task relay (cell 2) is no longer a code cell" in program.lost["relay"]
    assert list(program.functions()) == ["place_order"]


NOT_PYTHON = {
    "an open bracket": ("def relay(at):\n    return (", "line 2: '(' was never closed"),
    "a return outside": ("return 1", "line 1: 'return' outside function"),
    "a null byte": ("x = '\0'", "null bytes"),
    "a lone surrogate": ("x = '\ud800'", "surrogates"),
    "brackets without end": ("(" * 5000, "too many nested"),
    "a chain without end": ("x = " + "-" * 150_000 + "1", ""),
    "a sum without end": ("x = " + "+".join("1" * 90_000), ""),
}


@pytest.mark.parametrize(("source", "error"), NOT_PYTHON.values(), ids=NOT_PYTHON.keys())
def test_a_cell_that_is_not_python_costs_its_own_task_only(tmp_path: Path, source: str, error: str) -> None:
    program = taken(tmp_path, solution(PLACE, "place_order"), solution(source, "relay"))
    assert [part.task for part in program.cells] == ["place_order"]
    assert program.lost["relay"].startswith("lab06_outbox, cell 2, ") and error in program.lost["relay"]


def test_a_free_cell_that_is_not_python_costs_nothing(tmp_path: Path) -> None:
    program = taken(tmp_path, cell("def f(:"), solution(PLACE, "place_order"), solution(RELAY, "relay"))
    assert program.lost == {}
    assert program.notes == ("lab06_outbox, cell 1, line 1: invalid syntax; the cell was left out.",)


def test_the_functions_of_each_task_are_listed(tmp_path: Path) -> None:
    two = RELAY + "\nasync def more():\n    pass\nclass Relay:\n    def inner(self): pass"
    program = taken(tmp_path, solution(PLACE, "place_order"), solution(two, "relay"))
    assert program.functions() == {"place_order": ("place_order",), "relay": ("relay", "more", "Relay")}


STARTERS = {
    "the starter": ("def relay(at):\n    '''Publish.'''\n    raise NotImplementedError", False),
    "the starter's call": ("def relay(at):\n    raise NotImplementedError()", False),
    "an ellipsis": ("def relay(at):\n    ...", False),
    "pass": ("def relay(at):\n    pass", False),
    "a first line": ("def relay(at):\n    n = 0\n    raise NotImplementedError", True),
    "an answer": (RELAY, True),
    "an answer in a later cell": ("def relay(at): pass\ndef relay(at): return 1", True),
    "an answer that is made": ("import functools\nrelay = functools.partial(print, 1)", True),
    "an answer in a branch": ("try:\n    def relay(at): return 1\nfinally:\n    pass", True),
    "a class that is the starter": ("class relay:\n    'Publish.'\n    raise NotImplementedError()", False),
    "a class": ("class relay:\n    def run(self): return 1", True),
    "nothing": ("x = 1", False),
}


@pytest.mark.parametrize(("source", "attempted"), STARTERS.values(), ids=STARTERS.keys())
def test_an_unsolved_starter_is_no_attempt(tmp_path: Path, source: str, attempted: bool) -> None:
    program = taken(tmp_path, solution(PLACE, "place_order"), solution(source, "relay"))
    assert program.is_attempted("relay") is attempted


def test_a_program_can_be_a_key(tmp_path: Path) -> None:
    program = taken(tmp_path, solution(PLACE, "place_order"))
    assert {program: 1}[program] == 1
