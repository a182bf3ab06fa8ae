"""Bad days of a check, end to end through the supervisor: whatever lies in the notebook, whatever dies meanwhile.

Each ends in one sentence that says what is wrong and what to do, none in a traceback of ours, and the next check works.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from autograder import backends
from autograder.backends import Backends
from autograder.backends.processes import wait_until
from autograder.backends.state import ROOT
from autograder.explore import conductor
from autograder.grading.api import program_of
from autograder.grading.judge import judge
from autograder.grading.report import report_text
from autograder.grading.subject import Zygote
from autograder.labs import find

LAB = find("6")
RELEASED = ROOT / "labs" / LAB.name / f"{LAB.name}.ipynb"
SOLVED = ROOT / "solutions" / LAB.name / f"{LAB.name}.ipynb"
SCORES = Path("learner") / "scores.jsonl"
Row = Mapping[str, Any]


def cells_of(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text("utf-8"))["cells"]


REFERENCE = next("".join(cell["source"]) for cell in cells_of(SOLVED) if cell["id"] == "lab06-solution-place_order")
NO_EVENT = """def place_order(at, command):
    with psycopg.connect(at.postgres) as connection:
        connection.execute("insert into purchase values (%s, %s, %s, %s) on conflict do nothing",
                           (command.purchase_id, command.buyer, command.item, command.quantity))
"""
"""Broken in its first run, so that the check is over soon."""


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """A clone's state folder, with a supervisor of its own, for all of these days."""
    with pytest.MonkeyPatch.context() as patch:
        folder = Path(tempfile.mkdtemp(prefix="bad-"))  # short, because a socket's path must be
        patch.setenv("FORTNIGHT_STATE", str(folder))
        patch.setenv("FORTNIGHT_IDLE_S", "60")
        yield folder
        backends.stop()
        shutil.rmtree(folder)


Write = Callable[[str], Path]


@pytest.fixture
def notebook(tmp_path: Path) -> Write:
    """The lab as it is released, with this answer to task 1 and none to the others."""

    def write(answer: str) -> Path:
        page = json.loads(RELEASED.read_text("utf-8"))
        for cell in page["cells"]:
            if cell["id"] == "lab06-solution-place_order":
                cell["source"] = answer
        path = tmp_path / f"{LAB.name}.ipynb"
        path.write_text(json.dumps(page), encoding="utf-8")
        return path

    return write


def check(path: Path, task: str | None = "place_order", lab: str = "6", **more: Any) -> Iterator[Row]:
    request = {"do": "check", "lab": lab, "task": task, "notebook": str(path), **more}
    return backends.run_job("autograder.grading.service", request)


def last(rows: Iterator[Row]) -> Row:
    *_, row = rows
    return row


def report(row: Row) -> Row:
    assert "result" in row, row
    return row["result"]["report"]


def refusal(row: Row) -> str:
    said = row["error"]
    assert "Traceback" not in said and "\n" not in said
    return said


def recorded(state: Path) -> int:
    return len((state / SCORES).read_text("utf-8").splitlines()) if (state / SCORES).exists() else 0


# ---- what lies in the notebook


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{not json", "x.ipynb is not a complete notebook"),
        ('{"nbformat": 4, "cells": []}', "x.ipynb has no cells"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1"}]}', "x.ipynb has no graded cells"),
        (None, "There is no x.ipynb"),
    ],
)
def test_a_file_that_is_no_lab_is_refused_in_one_sentence(state, tmp_path, content, sentence):
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_text(content)
    assert refusal(last(check(path))).startswith(sentence)
    assert recorded(state) == 0


def test_a_lab_or_a_task_that_does_not_exist_is_answered_with_those_that_do(state, notebook):
    assert "There is no lab '77'" in refusal(last(check(notebook(NO_EVENT), lab="77")))
    assert "its tasks are naive, place_order, relay" in refusal(last(check(notebook(NO_EVENT), "nonsense")))


def test_a_syntax_error_costs_its_own_task_alone(state, notebook):
    found = report(last(check(notebook("def place_order(at, command)\n    pass\n"), None)))
    assert (found["kind"], found["points"]) == ("unanswered", 0)
    assert set(found["summary"]["tasks"]) == {task.name for task in LAB.tasks if task.graded}
    assert "line 1" in found["plain"] and "relay is not written yet" in found["plain"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("import os\ndef place_order(at, command):\n    os._exit(3)\n", "exited with status 3"),
        ("def place_order(at, command):\n    for _ in range(300):\n        print('x' * 1_000_000)\n", "printed more than 1 MB"),
        ("def place_order(at, command):\n    raise ValueError('the moon is wrong')\n", "the moon is wrong"),
    ],
    ids=["exits", "prints 300 MB", "raises"],
)
def test_a_program_that_ends_badly_is_broken_and_the_report_says_how(state, notebook, answer, sentence):
    found = report(last(check(notebook(answer))))
    assert (found["kind"], found["points"]) == ("broken", 0)
    assert sentence in " ".join(found["plain"].split())
    assert "Traceback" not in found["plain"]


def test_a_program_that_never_ends_is_stopped(notebook, postgres_address, monkeypatch):
    monkeypatch.setattr(conductor, "RUN_LIMIT_S", 0.3)  # its lanes are forked from here
    monkeypatch.setattr(Zygote.start, "__kwdefaults__", {"ports": (), "limit_s": 0.3})
    program = program_of(LAB, notebook("def place_order(at, command):\n    while True:\n        at\n"))
    own = Backends(postgres=postgres_address, redis="", kafka="", world="embedded")
    verdict = judge(LAB.name, program, backends=own, tasks=["place_order"], lanes=2)
    assert verdict.kind == "broken"
    assert "rule 5" in report_text(verdict) and "0.3 seconds" in report_text(verdict)


# ---- two at once, and what dies meanwhile


def test_two_notebooks_may_be_checked_at_once(state, notebook):
    path = notebook(NO_EVENT)
    with ThreadPoolExecutor() as two:
        found = [report(row) for row in two.map(last, [check(path), check(path)])]
    assert [one["kind"] for one in found] == ["broken", "broken"]
    assert found[0]["plain"] == found[1]["plain"]


def judges(state: Path, word: str) -> list[psutil.Process]:
    """The processes of the running check that have this word on their command line."""
    supervisor = backends.status()["pid"]
    jobs = [one for one in psutil.Process(supervisor).children() if "autograder.grading.service" in words_of(one)]
    return [one for job in jobs for one in job.children(recursive=True) if word in words_of(one)]


def words_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie does not."""
    _, left = psutil.wait_procs([one for one in processes if one.is_running()], timeout=0)
    return [one for one in left if words_of(one)]


def kill_a_broker(state: Path) -> None:
    judges(state, "autograder.backends.kafka")[0].kill()


def kill_a_zygote(state: Path) -> None:
    judges(state, "autograder.grading.zygote")[0].kill()


def kill_postgres(state: Path) -> None:
    pid = int(next(state.rglob("postmaster.pid")).read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


def struck(rows: Iterator[Row], strike: Callable[[], None]) -> Row:
    """The last row of a check in whose middle something happens."""
    row: Row = {}
    pending = True
    for row in rows:
        if pending and "run 5 of" in row.get("progress", ""):
            pending = False
            strike()
    assert not pending, "the check was over too soon"
    return row


def test_a_zygote_that_dies_is_replaced(state, notebook):
    found = report(struck(check(notebook(REFERENCE)), lambda: kill_a_zygote(state)))
    assert (found["kind"], found["points"]) == ("passed", 25)


@pytest.mark.parametrize("kill", [kill_postgres, kill_a_broker])
def test_what_dies_in_the_middle_of_a_check_is_the_graders_error_and_costs_nothing(state, notebook, kill):
    before = recorded(state)
    found = report(struck(check(notebook(REFERENCE), None), lambda: kill(state)))
    assert found["kind"] == "error", found["plain"]
    assert "grader error" in found["plain"] and "heck again" in found["plain"] and "Traceback" not in found["plain"]
    assert recorded(state) == before
    assert report(last(check(notebook(NO_EVENT))))["kind"] == "broken"


def test_a_supervisor_that_is_killed_takes_its_check_with_it_and_the_next_one_starts(state, notebook):
    before, old = recorded(state), psutil.Process(backends.status()["pid"])
    family: list[psutil.Process] = []

    def kill() -> None:
        family.extend([old, *old.children(recursive=True)])
        old.kill()

    said = refusal(struck(check(notebook(REFERENCE), None), kill))
    assert said == "The supervisor ended in the middle of the work: run it again."
    assert wait_until(lambda: not alive(family), 15), alive(family)
    assert recorded(state) == before
    assert report(last(check(notebook(NO_EVENT))))["kind"] == "broken"


def test_a_check_that_nobody_waits_for_any_more_leaves_nothing_running(state, notebook):
    before, rows = recorded(state), check(notebook(REFERENCE), None)
    next(row for row in rows if "run 5 of" in row.get("progress", ""))
    family = judges(state, "")
    assert family
    rows.close()
    assert wait_until(lambda: not alive(family), 15), alive(family)
    assert recorded(state) == before


def test_a_full_check_records_its_score_once(state, notebook):
    before = recorded(state)
    assert report(last(check(notebook(NO_EVENT), None)))["points"] == 0
    assert recorded(state) == before + 1


def test_a_full_disk_costs_the_record_and_not_the_report(state, notebook):
    scores = state / SCORES
    scores.unlink(missing_ok=True)
    scores.parent.mkdir(exist_ok=True)
    scores.symlink_to("/dev/full")
    try:
        found = report(last(check(notebook(NO_EVENT), None)))
    finally:
        scores.unlink()
    assert "Your score was not recorded" in found["plain"] and "No space left on device" in found["plain"]
    assert "rule 1" in found["plain"]


def test_a_cell_that_was_run_and_not_saved_is_judged_and_named(state, notebook):
    starter = "def place_order(at, command):\n    raise NotImplementedError()\n"
    found = report(last(check(notebook(starter), unsaved={"lab06-solution-place_order": NO_EVENT})))
    assert found["kind"] == "broken"
    assert "unsaved: place_order" in found["plain"]


def test_a_check_leaves_no_database_behind(state, notebook):
    with backends.connect() as lease, psycopg.connect(lease.backends.postgres, autocommit=True) as connection:
        before = connection.execute("select datname from pg_database order by 1").fetchall()
        report(last(check(notebook(NO_EVENT))))
        assert connection.execute("select datname from pg_database order by 1").fetchall() == before
