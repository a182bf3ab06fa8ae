"""Check, submit and grade with input that is broken or hostile: one sentence, a code for scripts, nothing lost.

Only the cheapest task is judged, on the real judge with real backends.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from autograder import backends
from autograder.cli.app import app
from autograder.explore import conductor
from autograder.grading import api
from autograder.grading.classroom import grade_class
from autograder.grading.course import Course
from autograder.grading.gradebook import exported, open_gradebook
from autograder.grading.scores import scores_file
from tests.unit.handin_notebooks import LAB, NAME, ROOT, answered, cell, handed_in, put, reference

HEAD = "def place_order(at, command):\n"
EXITS = answered(place_order=f"{HEAD}    import os\n    os._exit(0)")
FLOODS = answered(place_order=f"{HEAD}    for _ in range(300):\n        print('lamp' * 250_000)")
LOOPS = answered(receive="def receive(at, event):\n    while True:\n        pass")
SYNTAX = answered(place_order="def place_order(at, command:\n    return")


@pytest.fixture(scope="module", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Backends and a learner of this module's own."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORTNIGHT_STATE", str(folder))
        yield folder
        backends.stop()


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return tmp_path / f"{NAME}.ipynb"


def fortnight(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def copies(grade_id: str, other: str = "") -> dict[str, object]:
    """The reference with a second copy of a cell, which may differ."""
    twice = reference()
    second = {**cell(twice, grade_id), "id": "second"}
    twice["cells"].append({**second, "source": other} if other else second)
    return twice


@pytest.mark.parametrize("verb", ["check", "submit"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"cells": [', "is not a complete notebook"),
        ({**reference(), "cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "1", "outputs": []}]}, "has no graded cells"),
        (b"\x00" * (65 << 20), "is larger than 64 MB"),
    ],
    ids=["not JSON", "no graded cells", "too large"],
)
def test_what_is_no_notebook_of_the_lab_ends_with_2(notebook, verb, content, sentence):
    put(content, notebook)
    ended = fortnight(verb, "6", "--notebook", str(notebook))
    assert ended.exit_code == 2 and sentence in ended.stderr
    assert len(ended.stderr.strip().splitlines()) <= 2 and "Traceback" not in ended.output
    assert not scores_file().exists()


@pytest.mark.parametrize("verb", ["check", "submit", "grade"])
def test_a_lab_that_does_not_exist_ends_with_2(verb):
    ended = fortnight(verb, "99")
    assert ended.exit_code == 2
    assert "There is no lab '99'. The labs there are: " in ended.stderr and "6 (lab06_outbox)" in ended.stderr


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (copies("solution-place_order"), 0, "is a copy of cell"),
        (EXITS, 1, "rule 5"),
        (FLOODS, 1, "place_order"),
        (SYNTAX, 1, "place_order"),
    ],
    ids=["duplicated cell", "os._exit", "300 MB of output", "syntax error"],
)
def test_a_program_that_misbehaves_costs_its_own_points(notebook, content, code, sentence):
    ended = fortnight("check", "6", "place_order", "--notebook", str(put(content, notebook)))
    assert ended.exit_code == code, ended.output
    assert sentence.lower() in ended.stdout.lower() and "Traceback" not in ended.output
    assert len(ended.stdout) < 20_000


def test_an_endless_loop_is_ended_and_told(notebook, monkeypatch):
    monkeypatch.setattr(conductor, "RUN_LIMIT_S", 0.5)
    report = api.check("6", "receive_items", put(LOOPS, notebook))
    assert (report.kind, report.points) == ("broken", 0)
    assert "it had not ended after" in report.plain


def test_a_backend_that_dies_in_the_middle_of_a_check_costs_nobody_points(notebook, state):
    """The check ends with the grader's error, or the supervisor has mended it; it never ends with fewer points."""
    struck = []

    def kill_postgres(line: str) -> None:
        if "run" in line and not struck:
            struck.append(backends.status()["backends"]["Postgres"]["pid"])
            os.kill(struck[0], signal.SIGKILL)

    try:
        report = api.check("6", "place_order", put(reference(), notebook), progress=kill_postgres)
    except backends.BackendError as error:
        assert "\n" not in str(error)
    else:
        assert (report.kind, report.points) in (("error", 0), ("passed", 25))
        assert "Traceback" not in report.plain
    assert struck and not scores_file().exists()
    assert api.check("6", "place_order", notebook).points == 25


@pytest.fixture
def course(tmp_path: Path) -> Course:
    shutil.copytree(ROOT / "labs", tmp_path / "clone" / "labs")
    return Course(root=tmp_path / "clone")


def rows(course: Course) -> str:
    with open_gradebook(course, LAB) as book:
        return exported(book, LAB)


def test_serial_and_parallel_gradebooks_are_byte_identical_and_hostile_hand_ins_cost_themselves(course, tmp_path):
    hand_ins = {"ada": reference(), "bao": EXITS, "eve": '{"cells": [', "mallory": SYNTAX}
    other = Course(root=tmp_path / "other")
    shutil.copytree(course.root, other.root)
    for learner, notebook in hand_ins.items():
        handed_in(course.submitted, learner, notebook)
        handed_in(other.submitted, learner, notebook)
    parallel = grade_class(LAB, course=course, tasks=["place_order"])
    with ThreadPoolExecutor(1) as one_judge:
        serial = grade_class(LAB, course=other, tasks=["place_order"], executor=one_judge)
    assert rows(course) == rows(other)
    assert course.records.read_bytes() == other.records.read_bytes()
    points = {row.learner: row.graded.points for row in parallel.rows}
    assert points == {"ada": 25, "bao": 0, "eve": 0, "mallory": 0}
    assert [row.graded.kind for row in serial.rows] == ["passed", "broken", "rejected", "unanswered"]
    for learner in hand_ins:
        assert course.feedback(learner, NAME).read_bytes() == other.feedback(learner, NAME).read_bytes()
