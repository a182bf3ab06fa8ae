"""Hand-ins are found in nbgrader's layout or a flat folder, and whatever lies there becomes a hand-in or one sentence."""

from __future__ import annotations

import os
from datetime import datetime

import pytest

from autograder.grading.handins import as_learner, find_handins, read_handin, solution_ids
from tests.unit.handin_notebooks import LAB, NAME, fresh, handed_in, put, reference


@pytest.mark.parametrize(
    ("name", "folder"),
    [("Ada Lovelace", "Ada-Lovelace"), ("Łukasz", "Łukasz"), ("../../etc", "etc"), ("bao@shop.example", "bao@shop.example"), (" ", "")],
)
def test_a_name_becomes_the_name_of_a_folder(name, folder):
    assert as_learner(name) == folder


def test_the_cells_to_fill_in_are_the_functions_of_the_graded_tasks():
    assert solution_ids(LAB) == {f"solution-{name}" for name in ("place_order", "relay", "receive", "clean_up", "relay_alone")}


def test_nbgraders_layout_gives_one_hand_in_for_each_learner_in_order(tmp_path):
    handed_in(tmp_path, "bao", reference())
    handed_in(tmp_path, "ada", fresh(), at="2025-11-02 09:30:00 UTC")
    found = find_handins(LAB, tmp_path)
    assert [(one.learner, one.at, one.rejected) for one in found] == [
        ("ada", datetime(2025, 11, 2, 9, 30), ""),
        ("bao", datetime(2025, 11, 3, 10, 0), ""),
    ]
    assert found[1].data == (tmp_path / "bao" / NAME / f"{NAME}.ipynb").read_bytes()


def test_in_a_flat_folder_the_file_is_named_after_its_learner(tmp_path):
    put(fresh(), tmp_path / "Ada Lovelace.ipynb")
    os.utime(tmp_path / "Ada Lovelace.ipynb", (1_762_164_000, 1_762_164_000))
    [found] = find_handins(LAB, tmp_path)
    assert (found.learner, found.at) == ("Ada-Lovelace", datetime(2025, 11, 3, 10, 0))


def test_a_missing_notebook_in_a_learners_folder_is_a_rejected_hand_in(tmp_path):
    (tmp_path / "ada" / NAME).mkdir(parents=True)
    [found] = find_handins(LAB, tmp_path)
    assert found.rejected == f"There is no {NAME}.ipynb; save the notebook under this name."


def test_a_folder_that_is_a_link_to_a_classmate_is_no_hand_in(tmp_path):
    handed_in(tmp_path, "ada", reference())
    (tmp_path / "eve").symlink_to(tmp_path / "ada")
    assert [one.learner for one in find_handins(LAB, tmp_path)] == ["ada"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"cells": [', "is not a complete notebook"),
        (b"\xff\xfe", "is not UTF-8 text"),
        ({**fresh(), "cells": []}, "has no cells"),
        ({**fresh(), "cells": [{"cell_type": "code", "metadata": {}, "source": "1", "outputs": []}]}, "has no graded cells"),
        ({**fresh(), "cells": [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "solution-x"}}, "source": ""}]}, "holds another lab's tasks"),
    ],
)
def test_what_is_no_notebook_of_the_lab_is_rejected_with_one_sentence(tmp_path, content, sentence):
    found = read_handin(LAB, "ada", put(content, tmp_path / f"{NAME}.ipynb"))
    assert sentence in found.rejected and "\n" not in found.rejected
    assert found.data == b"" and len(found.sha256) == 64


def test_a_byte_order_mark_is_no_reason_to_reject(tmp_path):
    path = put(fresh(), tmp_path / f"{NAME}.ipynb")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_handin(LAB, "ada", path).rejected == ""


@pytest.mark.parametrize("lies", ["link", "pipe", "folder"])
def test_a_link_a_pipe_or_a_folder_is_rejected_and_never_waited_for(tmp_path, lies):
    path = tmp_path / f"{NAME}.ipynb"
    if lies == "link":
        path.symlink_to(put(reference(), tmp_path / "classmate.ipynb"))
    elif lies == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    found = read_handin(LAB, "eve", path)
    assert "hand in the notebook itself" in found.rejected
    assert (found.data, found.sha256) == (b"", "")


@pytest.mark.parametrize("stamp", ["tomorrow", "", "x" * 1000, "pipe"])
def test_a_timestamp_that_says_no_time_gives_way_to_the_files_own(tmp_path, stamp):
    path = put(fresh(), tmp_path / f"{NAME}.ipynb")
    os.utime(path, (1_762_164_000, 1_762_164_000))
    if stamp == "pipe":
        os.mkfifo(tmp_path / "timestamp.txt")
    else:
        (tmp_path / "timestamp.txt").write_text(stamp)
    assert read_handin(LAB, "ada", path).at == datetime(2025, 11, 3, 10, 0)


def test_a_timestamp_with_a_time_zone_is_kept_as_utc(tmp_path):
    path = put(fresh(), tmp_path / f"{NAME}.ipynb")
    (tmp_path / "timestamp.txt").write_text("2025-11-03 12:00:00 +0200\n")
    assert read_handin(LAB, "ada", path).at == datetime(2025, 11, 3, 10, 0)
