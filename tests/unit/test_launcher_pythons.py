"""The launcher under Pythons and systems that the course does not support: one sentence, and no syntax error."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.launcher_clone import ROOT, launcher  # noqa: F401  (a fixture)


def test_it_is_written_in_syntax_that_python_3_6_reads():
    ast.parse((ROOT / "fortnight").read_text(), feature_version=(3, 6))


def test_it_imports_the_standard_library_alone():
    tree = ast.parse((ROOT / "fortnight").read_text())
    names = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert names <= {"ensurepip", "fcntl", "hashlib", "json", "os", "re", "shutil", "subprocess", "sys", "venv"}


@pytest.mark.parametrize(
    ("version", "supported"), [((3, 10), False), ((3, 11), True), ((3, 14), True), ((3, 15), False)]
)
def test_supported_pythons_are_3_11_to_3_14(launcher, version, supported):
    assert launcher.is_supported(version) is supported


@pytest.mark.parametrize("platform", ["win32", "cygwin", "msys"])
def test_windows_gets_one_sentence_about_wsl2(launcher, platform):
    with pytest.raises(launcher.Refusal, match="install WSL2"):
        launcher.refuse_windows(platform)


def test_linux_and_macos_are_not_refused(launcher):
    launcher.refuse_windows("linux")
    launcher.refuse_windows("darwin")


def pretend_python(folder: Path, name: str, answer: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)
    return str(path)


def test_a_supported_python_is_found_beside_an_old_one(launcher, tmp_path, monkeypatch):
    commands = tmp_path / "commands"
    commands.mkdir()
    pretend_python(commands, "python3.13", "exit 127")  # a version manager's stub that leads nowhere
    pretend_python(commands, "python3.12", "echo 3.12")
    pretend_python(commands, "python3", "echo 3.8")
    monkeypatch.setenv("PATH", str(commands))
    assert launcher.find_python() == str(commands / "python3.12")


def test_an_old_python_alone_is_refused_with_the_versions_that_would_do(launcher, tmp_path, monkeypatch):
    pretend_python(tmp_path, "python3", "echo 3.8")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(launcher.sys, "version_info", (3, 8, 18))
    with pytest.raises(launcher.Refusal, match=r"needs Python 3.11, 3.12, 3.13 or 3.14; this is Python 3.8"):
        launcher.hand_over_to_a_supported_python([])


def test_ctrl_c_ends_with_130_and_a_sentence(launcher, monkeypatch, capsys):
    def interrupted(verb: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(launcher, "prepare", interrupted)
    assert launcher.main(["start"]) == 130
    assert "Nothing is lost" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_a_sentence(launcher, monkeypatch, capsys):
    def refused(verb: str) -> None:
        raise PermissionError(13, "Permission denied", "/course/.venv")

    monkeypatch.setattr(launcher, "prepare", refused)
    assert launcher.main(["start"]) == 3
    assert capsys.readouterr().err == "fortnight: Permission denied (/course/.venv).\n"


def test_it_is_executable():
    assert os.access(ROOT / "fortnight", os.X_OK)


def test_it_says_its_verbs_without_an_environment(tmp_path):
    (tmp_path / "fortnight").write_bytes((ROOT / "fortnight").read_bytes())
    said = subprocess.run([sys.executable, str(tmp_path / "fortnight")], capture_output=True, text=True, check=False)
    assert said.returncode == 0 and "All verbs: demo, start, stop" in said.stdout
