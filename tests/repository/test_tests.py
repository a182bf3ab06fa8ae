"""The tests keep their own rules: no sleep, no rerun, no skip without a reason that a person accepts."""

from __future__ import annotations

import ast

from tests.repository.tree import files, syntax

MAY_WAIT = {
    "tests/browser/chromium.py": "a browser starts and draws in its own time, and tells nobody when",
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
