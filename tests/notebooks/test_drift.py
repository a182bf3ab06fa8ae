"""The committed notebooks say what the manuscript says, and nbgrader's own commands work on a fresh clone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.manuscript.build import ROOT, Built, build
from autograder.manuscript.drift import drift

CLONE = ROOT / "tests" / "unit" / "manuscript_clone"


@pytest.fixture(scope="module")
def built() -> Built:
    return build(ROOT)


def test_no_built_file_has_drifted_from_its_text(built: Built) -> None:
    assert [str(one) for one in drift(built, ROOT)] == []


def test_cell_ids_are_unique_over_the_whole_project(built: Built) -> None:
    ids = [cell.id for text in built.texts if text.place != "items" for cell in text.cells]
    assert len(ids) == len(set(ids))


def test_a_fresh_clone_can_generate_an_assignment_with_nbgraders_plain_command(tmp_path: Path) -> None:
    shutil.copytree(CLONE, tmp_path, dirs_exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    files = build(tmp_path).files
    made = files["labs/lab90_outbox/lab90_outbox.ipynb"]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    nbgrader = str(Path(sys.executable).parent / "nbgrader")
    bare = {**os.environ, "PATH": "/usr/bin:/bin"}  # Nobody activated the environment.
    done = subprocess.run(
        [nbgrader, "generate_assignment", "lab90_outbox"],
        cwd=tmp_path,
        env=bare,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".nbgrader/release/lab90_outbox/lab90_outbox.ipynb").read_text() == made
    assert (tmp_path / "labs/lab90_outbox/lab90_outbox.ipynb").read_text() == made
    assert (tmp_path / ".nbgrader/gradebook.db").stat().st_size > 0
