"""The tests keep their own rules: no sleep, no rerun, no skip without a reason that a person accepts."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.groups import group_of, longest_first
from tests.repository.tree import ROOT, files, syntax

MAY_WAIT = {
    "tests/browser/chromium.py": "a browser starts and draws in its own time, and tells nobody when",
    "tests/wrong/lab02_idempotency/_waits_a_moment.py": "to wait a moment and hope is its mistake",
    "tests/wrong/lab14_flash_sale/sleeps_in_the_worker.py": "to sleep where others wait is its mistake",
    "tests/unit/test_simulation_loop.py": "its sleep is one in virtual time, which takes none",
}


def calls(*names: str):
    for path in files("tests/**/*.py"):
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                yield path, node


def test_no_test_sleeps():
    assert [
        f"{path}:{node.lineno}" for path, node in calls("time.sleep", "sleep") if path.as_posix() not in MAY_WAIT
    ] == []


def test_every_skip_says_why():
    silent = [
        f"{path}:{node.lineno}"
        for path, node in calls("pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.importorskip")
        if not node.args
        and not any(keyword.arg == "reason" for keyword in node.keywords)
        or ast.unparse(node.func) == "pytest.mark.skipif"
        and not any(keyword.arg == "reason" for keyword in node.keywords)
    ]
    assert silent == []


def test_no_test_is_run_again_until_it_passes():
    marks = {ast.unparse(node.func) for _, node in calls("pytest.mark.flaky", "flaky")}
    assert marks == set()


def test_a_group_is_a_file_or_what_a_file_asks_of_one_lab_or_day():
    assert group_of("tests/unit/test_tap.py::test_a[lab06]") == "tests/unit/test_tap.py"
    assert group_of("tests/right/test_x.py::test_a[lab06-relay]") == "tests/right/test_x.py[lab06]"
    assert group_of("tests/notebooks/test_labs.py::test_b[lab06_outbox]") == "tests/notebooks/test_labs.py[lab06]"
    assert group_of("tests/notebooks/test_day_forms.py::test_b[day06_outbox]") == "tests/notebooks/test_day_forms.py"
    assert group_of("tests/notebooks/test_days.py::test_b[day06_outbox]") == group_of("tests/repository/test_book_site.py::test_c")


def test_long_groups_begin_first_and_unknown_ones_before_them():
    tests = ["short.py::a", "long.py::b", "new.py::c", "short.py::d", "long.py::a"]
    begun = ["new.py::c", "long.py::b", "long.py::a", "short.py::a", "short.py::d"]
    assert longest_first(tests, {"short.py": 1.0, "long.py": 9.5}) == begun


WHO = """
import os
import pytest

@pytest.mark.parametrize("case", ["lab01-a", "lab02-a", "lab01-b", "lab02-b", "other-a", "other-b"])
def test_it(case):
    with open(os.environ["WHO"], "a") as who:
        print(__file__, case[:5], os.environ["PYTEST_XDIST_WORKER"], file=who)
"""


def test_no_group_is_split_between_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """pytest-xdist and pytest have to agree on it, and two of their versions did not."""
    for name in ("one", "two", "three"):
        (tmp_path / f"test_{name}.py").write_text(WHO)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.setenv("WHO", str(tmp_path / "who"))
    words = ["-n", "2", "--dist", "loadscope", "-p", "tests.conftest", "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    ran = subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = [tuple(line.split()) for line in (tmp_path / "who").read_text().splitlines()]
    assert (len(said), len(set(said))) == (18, 9)
    assert {worker for *_, worker in said} == {"gw0", "gw1"}
