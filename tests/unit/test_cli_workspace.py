"""The learner's folder: new files come, untouched ones follow the course, changed ones are never overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.cli import workspace
from autograder.cli.workspace import Change

LAB = "labs/lab06_outbox/lab06_outbox.ipynb"


def notebook(*sources: str, outputs: str = "") -> str:
    cells = [{"cell_type": "code", "source": source, "outputs": [outputs] if outputs else []} for source in sources]
    return json.dumps({"cells": cells, "metadata": {}})


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    write(tmp_path, LAB, notebook("given"))
    write(tmp_path, "days/day06_outbox.ipynb", notebook("a day"))
    write(tmp_path, "MAP.md", "# The map\n")
    return tmp_path


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def start(clone: Path) -> list[Change]:
    return workspace.copy_course(clone, clone / "work", clone / ".fortnight" / "work.json")


def test_the_first_start_copies_days_labs_and_map_in_the_same_layout(clone):
    assert start(clone) == [
        Change("MAP.md", "added"),
        Change("days/day06_outbox.ipynb", "added"),
        Change(LAB, "added"),
    ]
    assert (clone / "work" / LAB).read_text() == notebook("given")


def test_what_tools_leave_behind_is_not_copied(clone):
    write(clone, "labs/lab06_outbox/.ipynb_checkpoints/lab06_outbox-checkpoint.ipynb", "{}")
    write(clone, "book/_build/index.md", "")
    assert len(start(clone)) == 3


def test_a_second_start_changes_nothing(clone):
    start(clone)
    assert start(clone) == []


def test_a_file_that_the_learner_left_alone_follows_the_course(clone):
    start(clone)
    write(clone, LAB, notebook("given, improved"))
    assert start(clone) == [Change(LAB, "updated")]
    assert (clone / "work" / LAB).read_text() == notebook("given, improved")


def test_running_a_notebook_is_not_changing_it(clone):
    start(clone)
    write(clone, f"work/{LAB}", notebook("given", outputs="42"))
    write(clone, LAB, notebook("given, improved"))
    assert start(clone) == [Change(LAB, "updated")]


def test_a_changed_file_stays_while_the_course_stands_still(clone):
    start(clone)
    write(clone, f"work/{LAB}", notebook("my answer"))
    assert start(clone) == []
    assert (clone / "work" / LAB).read_text() == notebook("my answer")


def test_a_file_that_both_changed_stays_and_the_new_version_lies_beside_it(clone):
    start(clone)
    write(clone, f"work/{LAB}", notebook("my answer"))
    write(clone, LAB, notebook("given, improved"))
    [change] = start(clone)
    assert (
        change.sentence()
        == f"work/{LAB} is yours and stays as it is; the course's new version lies beside it as lab06_outbox.new.ipynb"
    )
    assert (clone / "work" / LAB).read_text() == notebook("my answer")
    assert (clone / "work" / LAB).with_name("lab06_outbox.new.ipynb").read_text() == notebook("given, improved")
    assert start(clone) == [], "it is said once"


def test_without_a_record_every_difference_counts_as_the_learners(clone):
    write(clone, f"work/{LAB}", notebook("my answer"))
    assert Change(LAB, "kept") in start(clone)
    assert (clone / "work" / LAB).read_text() == notebook("my answer")


def test_a_damaged_record_loses_nothing(clone):
    start(clone)
    (clone / ".fortnight" / "work.json").write_text("[")
    write(clone, f"work/{LAB}", notebook("my answer"))
    assert start(clone) == [Change(LAB, "kept")]


def test_a_notebook_that_is_not_json_any_more_counts_as_changed(clone):
    start(clone)
    write(clone, f"work/{LAB}", "{ half a")
    write(clone, LAB, notebook("given, improved"))
    assert start(clone) == [Change(LAB, "kept")]


def test_a_deleted_file_comes_back(clone):
    start(clone)
    (clone / "work" / LAB).unlink()
    assert start(clone) == [Change(LAB, "added")]


def test_a_write_that_fails_leaves_the_old_file(clone, monkeypatch):
    start(clone)

    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device", str(path))

    write(clone, LAB, notebook("given, improved"))
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        start(clone)
    assert (clone / "work" / LAB).read_text() == notebook("given")
    assert sorted(path.name for path in (clone / "work" / LAB).parent.iterdir()) == ["lab06_outbox.ipynb"]


def test_reset_keeps_the_learners_notebook_first(clone):
    start(clone)
    write(clone, f"work/{LAB}", notebook("my answer"))
    kept = [workspace.reset(clone, clone / "work", Path(LAB), clone / "backups", "2026-11-22-1205") for _ in range(2)]
    assert [path.name for path in kept] == [
        "lab06_outbox-2026-11-22-1205.ipynb",
        "lab06_outbox-2026-11-22-1205-2.ipynb",
    ]
    assert kept[0].read_text() == notebook("my answer")
    assert (clone / "work" / LAB).read_text() == notebook("given")


def test_reset_without_a_notebook_of_the_learner_keeps_nothing(clone):
    assert workspace.reset(clone, clone / "work", Path(LAB), clone / "backups", "now") is None
    assert (clone / "work" / LAB).exists()


def test_a_notebook_is_given_as_its_kernel_will_leave_it_and_counts_as_untouched(clone):
    plain = json.loads(notebook("given"))
    plain["metadata"] = {"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}}
    write(clone, LAB, json.dumps(plain))
    start(clone)
    given = json.loads((clone / "work" / LAB).read_text())
    assert given["metadata"]["language_info"]["version"].startswith("3.")
    assert given["metadata"]["kernelspec"] == {"name": "python3"} and given["cells"] == plain["cells"]
    assert start(clone) == []
