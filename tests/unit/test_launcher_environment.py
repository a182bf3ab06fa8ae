"""The launcher's environment: what is ready stays, what is half-made is made again, nothing of others is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.launcher_clone import fake_environment, launcher, load  # noqa: F401  (launcher is a fixture)


def test_a_fresh_clone_gets_an_environment_and_then_needs_nothing(launcher, capfd):
    launcher.prepare("start")
    assert launcher.verdict([launcher.REQUIREMENTS]) == ("ready", "")
    said = capfd.readouterr().out
    assert "150 MB to download and 640 MB on disk" in said and "min at 20 Mbit/s" in said
    launcher.prepare("start")
    assert capfd.readouterr().out == ""


def test_the_course_can_be_imported_in_the_environment(launcher):
    launcher.prepare("start")
    assert Path(launcher.site_packages(), "fortnight.pth").read_text() == launcher.HERE + "\n"


def test_extras_come_with_test_and_stay(launcher):
    launcher.prepare("start")
    assert launcher.verdict(launcher.wanted_files("test"))[0] == "update"
    launcher.prepare("test")
    assert launcher.verdict(launcher.wanted_files("book"))[0] == "ready"
    Path(launcher.HERE, "requirements.txt").write_text("rich==15.0.1\n")
    launcher.prepare("start")
    assert launcher.verdict(launcher.wanted_files("test"))[0] == "ready"


@pytest.mark.parametrize("verb", ["start", "doctor", "check"])
def test_other_verbs_ask_for_no_extras(launcher, verb):
    assert launcher.wanted_files(verb) == ["requirements.txt"]


def test_a_half_made_environment_is_made_again(launcher):
    launcher.pip_ends = 1
    with pytest.raises(launcher.Refusal):
        launcher.prepare("start")
    assert launcher.verdict([launcher.REQUIREMENTS]) == ("remake", "it was left half-made")
    launcher.pip_ends = 0
    launcher.prepare("start")
    assert launcher.verdict([launcher.REQUIREMENTS])[0] == "ready"


def test_an_environment_whose_python_is_gone_is_made_again(launcher):
    launcher.prepare("start")
    os.unlink(launcher.PYTHON)
    assert launcher.verdict([launcher.REQUIREMENTS])[0] == "remake"


def test_an_environment_that_lost_a_package_is_repaired_in_place(launcher):
    launcher.prepare("start")
    os.rmdir(Path(launcher.site_packages(), "rich-15.0.0.dist-info"))
    assert launcher.verdict([launcher.REQUIREMENTS]) == ("update", "a package is gone from it")


def test_a_clone_that_was_moved_makes_its_environment_again(launcher):
    launcher.prepare("start")
    marker = launcher.read_marker()
    launcher.write_marker({**marker, "place": "/elsewhere"})
    assert launcher.verdict([launcher.REQUIREMENTS]) == ("remake", "the course was moved here from /elsewhere")


def test_a_damaged_marker_counts_as_none(launcher):
    launcher.prepare("start")
    Path(launcher.MARKER).write_text("{")
    assert launcher.verdict([launcher.REQUIREMENTS]) == ("update", "it was not made by this launcher")


def test_an_environment_of_somebody_else_that_is_of_no_use_is_kept_aside(launcher, capfd):
    for content in ("first", "second"):
        Path(launcher.VENV).mkdir()
        Path(launcher.VENV, content).touch()
        launcher.prepare("start")
        shutil.rmtree(launcher.VENV)
    assert Path(launcher.VENV + ".old-1", "first").exists()
    assert Path(launcher.VENV + ".old-2", "second").exists()
    assert "kept as .venv.old-2" in capfd.readouterr().out


def test_an_environment_of_somebody_else_that_works_is_completed(launcher):
    fake_environment(launcher)
    assert launcher.verdict([launcher.REQUIREMENTS])[0] == "update"
    launcher.prepare("start")
    assert launcher.verdict([launcher.REQUIREMENTS])[0] == "ready"


def test_a_disk_without_room_is_told_before_anything_is_made(launcher, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=639 * 1_000_000)
    monkeypatch.setattr(launcher.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(launcher.Refusal, match="639 MB free and the environment needs 640 MB"):
        launcher.prepare("start")
    assert not os.path.exists(launcher.VENV)


def test_a_python_without_ensurepip_names_the_package_to_install(launcher, monkeypatch):
    fresh = load(Path(launcher.HERE, "fortnight"))
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(fresh.Refusal, match=r"sudo apt install python3\.\d+-venv"):
        fresh.create()


def test_a_second_launcher_waits_for_the_first(launcher, tmp_path):
    import fcntl

    with launcher.EnvironmentLock(), open(tmp_path / ".fortnight" / "environment.lock", "w") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


PIP_SAID = {
    "OSError: [Errno 28] No space left on device": "disk became full",
    "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(...)'": "cannot be reached",
    "socket.gaierror: Temporary failure in name resolution": "cannot be reached",
    "ERROR: No matching distribution found for crc32c==2.9.post0": "no ready-made crc32c==2.9.post0",
    "ERROR: something new": "pip could not install",
}


@pytest.mark.parametrize("output", PIP_SAID)
def test_what_pip_says_at_length_becomes_one_sentence(launcher, output):
    launcher.pip_says, launcher.pip_ends = output + "\n", 1
    with pytest.raises(launcher.Refusal, match=PIP_SAID[output]):
        launcher.prepare("start")


def test_progress_without_a_terminal_is_a_line_per_quarter(launcher, capsys, tmp_path):
    lines = [f"Collecting package{number}==1\n" for number in range(8)]
    with open(tmp_path / "log", "w") as log:
        launcher.show_progress(lines, 8, log)
    assert capsys.readouterr().out.splitlines() == [f"  {seen} of 8 packages are here" for seen in (2, 4, 6, 8)]


def test_doctor_in_a_clone_without_environment_installs_nothing(launcher):
    ended = run(launcher, "doctor")
    assert ended.returncode == 3
    assert ".venv    missing  there is none yet" in ended.stdout
    assert ended.stderr == "fortnight: The environment is not there yet: ./fortnight start makes it.\n"
    assert not os.path.exists(launcher.VENV)


def test_an_unknown_verb_installs_nothing(launcher):
    ended = run(launcher, "frobnicate")
    assert ended.returncode == 2
    assert ended.stderr.startswith("There is no verb 'frobnicate'. The verbs are: demo, start,")
    assert not os.path.exists(launcher.VENV)


def test_without_a_verb_it_says_what_it_can_do(launcher):
    ended = run(launcher)
    assert ended.returncode == 0 and "./fortnight start" in ended.stdout


def test_it_hands_over_with_all_arguments(launcher, tmp_path):
    launcher.prepare("start")
    Path(launcher.PYTHON).write_text('#!/bin/sh\n[ "$1" = -c ] && echo 3.12 || echo "$@"\n')
    assert run(launcher, "check", "6", "--page", "a b.html").stdout == "-m autograder.cli check 6 --page a b.html\n"


def run(launcher: ModuleType, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(Path(launcher.HERE, "fortnight")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_marker_names_what_the_environment_was_made_from(launcher):
    launcher.prepare("start")
    marker = json.loads(Path(launcher.MARKER).read_text())
    assert marker["complete"] is True and list(marker["files"]) == ["requirements.txt"]
    assert marker["packages"] == ["rich-15.0.0.dist-info"]


@pytest.mark.parametrize("words", [["check", "--help"], ["--help"], ["start", "-h"]])
def test_help_before_there_is_an_environment_installs_nothing(launcher, capsys, words):
    assert launcher.run(words) == 0
    assert not Path(launcher.VENV).exists()
    said = capsys.readouterr().out
    assert "./fortnight demo" in said and "check" in said
