"""Scratch folders go with the judge that made them, also when it is killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.grading import scratch_folders

MAKE = "from autograder.grading import scratch_folders; print(scratch_folders.make(), flush=True)"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of temporary files for this test alone, also for the programs that it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def judge(program: str) -> subprocess.Popen[str]:
    command, clone = [sys.executable, "-c", program], Path(__file__).parents[2]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=clone)


def made_by(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def test_a_judge_that_ends_takes_its_folder_with_it(temporary: Path) -> None:
    with judge(MAKE) as ended:
        assert made_by(ended).parent == temporary
    assert list(temporary.iterdir()) == []


def test_a_worker_of_a_pool_does_too(temporary: Path) -> None:
    program = (
        "import multiprocessing as m; from autograder.grading import scratch_folders;"
        "worker = m.get_context('fork').Process(target=scratch_folders.make); worker.start(); worker.join()"
    )
    with judge(program):
        pass
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_judge_is_removed_by_the_next_and_that_of_a_living_one_stays() -> None:
    with judge(f"{MAKE}; input()") as killed, judge(f"{MAKE}; input()") as living:
        left, kept = made_by(killed), made_by(living)
        killed.kill()
        killed.wait()
        assert left.is_dir()
        own = Path(scratch_folders.make())
        assert (left.exists(), kept.is_dir(), own.is_dir()) == (False, True, True)
        scratch_folders.remove(str(own))
        assert not own.exists()


def test_a_number_that_another_process_got_is_no_owner(temporary: Path) -> None:
    own = Path(scratch_folders.make())
    number, stamp, rest = own.name.removeprefix("fortnight-subject-").split("_", 2)
    reused = temporary / f"fortnight-subject-{number}_{'0' * len(stamp)}_{rest}"
    reused.mkdir()
    scratch_folders.remove_ownerless()
    assert (reused.exists(), own.is_dir()) == (False, True)
    scratch_folders.remove(str(own))


def test_the_folder_of_a_process_with_numbers_of_another_realm_is_left_alone(temporary: Path) -> None:
    own = Path(scratch_folders.make())
    elsewhere = temporary / f"fortnight-subject-999999_{'0' * 12}_{'f' * 8}-x"
    elsewhere.mkdir()
    scratch_folders.remove_ownerless()
    assert elsewhere.is_dir()
    scratch_folders.remove(str(own))
