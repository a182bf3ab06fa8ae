"""The command line: every verb has help, ends with a code for scripts, and says what is wrong in one sentence."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from autograder.backends.errors import BackendError
from autograder.cli import places
from autograder.cli.app import VERBS, app
from autograder.cli.verbs import test as test_verb

ROOT = Path(__file__).resolve().parents[2]


def fortnight(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture(autouse=True)
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner whose state, work folder and notebook of lab 6 are in a temporary folder."""
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(places, "WORK", tmp_path / "work")
    notebook = tmp_path / "work" / "labs" / "lab06_outbox" / "lab06_outbox.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    return tmp_path


@pytest.fixture
def grader(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A stand-in for the grader that says what the test wants."""
    stand_in = ModuleType("autograder.grading.api")
    monkeypatch.setitem(sys.modules, "autograder.grading.api", stand_in)
    monkeypatch.setattr("autograder.grading.api", stand_in, raising=False)
    return stand_in


def report(verdict: str) -> SimpleNamespace:
    return SimpleNamespace(
        verdict=verdict, text=lambda colour: f"{verdict}, colour {colour}", page=lambda path: path.write_text("page")
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    ended = fortnight(verb, "--help")
    assert ended.exit_code == 0
    assert f"Usage: fortnight {verb}" in ended.output or f"Usage: root {verb}" in ended.output


def test_the_launcher_knows_exactly_these_verbs():
    text = (ROOT / "fortnight").read_text()
    named = re.search(r"VERBS = \((.*?)\)", text, re.S)
    assert re.findall(r'"(\w+)"', named[1]) == list(VERBS)


def test_an_unknown_verb_is_wrong_usage():
    assert fortnight("frobnicate").exit_code == 2


def test_an_unknown_lab_is_answered_with_the_labs_there_are():
    ended = fortnight("check", "99")
    assert ended.exit_code == 2
    assert "There is no lab '99'. The labs there are: 1 (lab01_consistency), " in ended.stderr


def test_an_unknown_task_is_answered_with_the_tasks_there_are():
    ended = fortnight("check", "6", "nothing")
    assert ended.exit_code == 2
    assert "lab06_outbox has no task 'nothing'. Its tasks are: naive, place_order, relay, " in ended.stderr


def test_a_missing_notebook_is_told_with_what_mends_it(learner):
    (learner / "work" / "labs" / "lab06_outbox" / "lab06_outbox.ipynb").unlink()
    ended = fortnight("submit", "6")
    assert ended.exit_code == 2 and "`./fortnight start` copies the labs into work/." in ended.stderr


@pytest.mark.parametrize(
    ("verdict", "code"), [("passed", 0), ("broken", 1), ("unknown", 1), ("unanswered", 1), ("error", 4)]
)
def test_a_check_ends_with_the_code_of_its_verdict(grader, verdict, code):
    grader.check = lambda lab, task, notebook, progress: report(verdict)
    ended = fortnight("check", "06")
    assert (ended.exit_code, ended.stdout) == (code, f"{verdict}, colour False\n")


@pytest.mark.parametrize("lab", ["6", "06", "lab06", "lab06_outbox"])
def test_a_lab_may_be_named_in_four_ways(grader, learner, lab):
    grader.check = lambda lab, task, notebook, progress: report(
        "passed" if notebook.name == "lab06_outbox.ipynb" else "error"
    )
    assert fortnight("check", lab).exit_code == 0


def test_progress_goes_to_stderr_and_the_report_to_stdout(grader):
    def check(lab, task, notebook, progress):
        progress("run 1 of 74")
        progress("run 1 of 74")
        progress("run 2 of 74")
        return report("passed")

    grader.check = check
    ended = fortnight("check", "6", "relay")
    assert ended.stdout == "passed, colour False\n"
    assert ended.stderr.splitlines() == ["Starting the backends", "run 1 of 74", "run 2 of 74"]


def test_a_page_is_written_where_it_was_asked_for(grader, learner):
    grader.replay = lambda name, notebook, progress: report("broken")
    ended = fortnight("replay", "6/relay/cut", "--page", str(learner / "report.html"))
    assert ended.exit_code == 1 and (learner / "report.html").read_text() == "page"


def test_inspect_writes_its_report_into_the_current_folder(grader, learner, monkeypatch):
    monkeypatch.chdir(learner)
    grader.inspect = lambda target, **options: report("passed")
    assert fortnight("inspect", "myshop.orders:place_order").exit_code == 0
    assert (learner / "place_order.report.html").exists()


def test_inspect_refuses_what_names_no_function():
    ended = fortnight("inspect", "myshop.orders")
    assert ended.exit_code == 2 and "write MODULE:FUNCTION" in ended.stderr


def failing(error: BaseException):
    def check(*args: object, **kwargs: object) -> None:
        raise error

    return check


def test_backends_that_are_down_end_with_3(grader):
    grader.check = failing(BackendError("Postgres died: start it again."))
    ended = fortnight("check", "6")
    assert (ended.exit_code, ended.stderr.splitlines()[-1]) == (3, "Postgres died: start it again.")


def test_a_full_disk_ends_with_3(grader):
    grader.check = failing(OSError(errno.ENOSPC, "No space left on device", "work/x"))
    ended = fortnight("check", "6")
    assert ended.exit_code == 3 and "The disk is full: work/x could not be written." in ended.stderr


def test_a_package_that_is_gone_ends_with_3_and_names_doctor(grader):
    grader.check = failing(ModuleNotFoundError("No module named 'kafka'", name="kafka"))
    ended = fortnight("check", "6")
    assert ended.exit_code == 3 and "The package kafka is missing" in ended.stderr and "doctor" in ended.stderr


def test_a_broken_grader_ends_with_4_without_a_traceback_and_keeps_its_story(grader, learner):
    grader.check = failing(ZeroDivisionError("division by zero"))
    ended = fortnight("check", "6")
    assert ended.exit_code == 4
    assert "The grader broke (ZeroDivisionError: division by zero); nothing of yours is lost." in ended.stderr
    assert "Traceback" not in ended.output
    [story] = (learner / "state" / "errors").iterdir()
    assert "ZeroDivisionError" in story.read_text()


def test_ctrl_c_ends_with_130(grader):
    grader.check = failing(KeyboardInterrupt())
    ended = fortnight("check", "6")
    assert ended.exit_code == 130 and "Stopped. Nothing is lost." in ended.stderr


def test_grade_refuses_a_folder_that_is_not_there(learner):
    ended = fortnight("grade", "6", str(learner / "nowhere"))
    assert ended.exit_code == 2 and "There is no folder" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["-n", "2", "--dist", "loadscope"]),
        (["-n0", "tests/unit"], ["-n0", "tests/unit"]),
        (["-k", "outbox"], ["-n", "2", "--dist", "loadscope", "-k", "outbox"]),
    ],
)
def test_the_suite_runs_on_two_workers_unless_told_otherwise(arguments, words):
    assert test_verb.command(arguments) == [sys.executable, "-m", "pytest", *words]


def test_a_package_that_is_gone_is_one_sentence_and_no_traceback(tmp_path):
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError('No module named typer', name='typer')")
    words = [sys.executable, "-m", "autograder.cli", "doctor"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    ended = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 3
    assert ended.stderr.startswith("The package typer is missing") and len(ended.stderr.splitlines()) == 1


def test_usage_is_shown_as_it_is_typed_in_a_clone():
    ended = subprocess.run([sys.executable, "-m", "autograder.cli", "check"], cwd=ROOT, capture_output=True, text=True)
    assert "Usage: ./fortnight check" in ended.stderr
