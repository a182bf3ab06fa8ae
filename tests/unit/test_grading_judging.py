"""A judge in a process of its own: whatever becomes of that process is one result, and never somebody's points."""

from __future__ import annotations

import json
import stat

import pytest

from autograder.grading import judging
from autograder.grading.judging import Graded, allow_judging, judge_handin, stop_judging
from tests.unit.handin_notebooks import NAME, graded


@pytest.fixture
def judge(tmp_path, monkeypatch):
    """Put a shell script in the place of the judge's Python."""

    def put(script):
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(judging.sys, "executable", str(program))

    return put


def test_the_way_between_processes_loses_nothing():
    assert Graded.from_json(json.loads(json.dumps(graded(7).to_json()))) == graded(7)


def test_the_result_is_found_among_what_else_is_printed(judge):
    judge(f"cat > /dev/null; echo noise; echo '{{\"progress\": 1}}'; echo '{json.dumps({'result': graded(7).to_json()})}'")
    assert judge_handin(NAME, b"{}").points == 42


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'MemoryError' >&2; exit 1", "The judge ended without an answer (MemoryError); grade it again."),
        ("kill -9 $$", "The judge ended without an answer (exit code -9); grade it again."),
        ("cat > /dev/null; echo '{\"error\": \"Postgres is down.\"}'", "Postgres is down."),
    ],
)
def test_a_judge_that_dies_is_the_graders_error_and_no_score(judge, script, said):
    judge(script)
    after = judge_handin(NAME, b"{}")
    assert (after.kind, after.said, after.has_score, after.points) == ("error", said, False, 0)


def test_after_ctrl_c_no_other_judge_is_started(judge):
    judge("exit 1")
    stop_judging()
    try:
        assert judge_handin(NAME, b"{}").said == "The grading was stopped before this hand-in was judged."
    finally:
        allow_judging()


def test_a_hand_in_that_is_never_done_is_stopped_and_costs_nobody_a_score(judge, monkeypatch):
    monkeypatch.setattr(judging, "HAND_IN_S", 0.2)
    judge("exec sleep 600")
    after = judge_handin(NAME, b"{}")
    assert (after.kind, after.has_score) == ("error", False)
    assert "so its score stays as it was" in after.said
