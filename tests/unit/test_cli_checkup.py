"""The checkup behind `doctor`: it names what is missing and the one command that mends it, and hides nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from autograder.cli import checkup
from autograder.cli.app import app
from autograder.cli.checkup import Finding, wrong_packages


@pytest.mark.parametrize(
    ("installed", "wrong"),
    [
        ({"rich": "15.0.0"}, []),
        ({}, ["rich is missing"]),
        ({"rich": "14.9"}, ["rich is 14.9 and must be 15.0.0"]),
    ],
)
def test_packages_are_compared_with_the_pins(installed, wrong):
    assert wrong_packages(["# rich==1", "", "rich==15.0.0"], installed) == wrong


def test_a_package_for_another_system_is_not_missed():
    assert wrong_packages(['appnope==0.1.4 ; sys_platform == "nowhere"'], {}) == []


def test_names_are_compared_as_the_index_compares_them():
    assert wrong_packages(["jupyter_server==2.21.1"], {"jupyter-server": "2.21.1"}) == []


def test_one_look_that_fails_does_not_hide_the_others(monkeypatch):
    def _postgres() -> Finding:
        raise RuntimeError("No Postgres was found.")

    def _disk() -> Finding:
        return Finding(name="disk", state="ok", says="plenty")

    monkeypatch.setattr(checkup, "LOOKS", (_postgres, _disk))
    assert list(checkup.check_up()) == [
        Finding(name="postgres", state="missing", says="No Postgres was found."),
        Finding(name="disk", state="ok", says="plenty"),
    ]


def doctor(monkeypatch, *findings: Finding):
    monkeypatch.setattr(checkup, "check_up", lambda: iter(findings))
    return CliRunner().invoke(app, ["doctor"])


def test_doctor_ends_with_3_and_the_mending_command_when_something_is_missing(monkeypatch):
    ended = doctor(
        monkeypatch, Finding(name="packages", state="missing", says="rich is missing [all]", mend="./fortnight start")
    )
    assert ended.exit_code == 3
    assert "rich is missing [all]" in ended.stdout and "mend it with: ./fortnight start" in ended.stdout


def test_doctor_ends_with_0_when_there_are_notes_only(monkeypatch):
    ended = doctor(monkeypatch, Finding(name="Docker", state="note", says="not here; not needed"))
    assert ended.exit_code == 0 and "Everything that the course needs is here." in ended.stdout


def test_a_disk_that_is_nearly_full_is_missing_room(monkeypatch):
    usage = checkup.shutil.disk_usage("/")._replace(free=(checkup.FREE_MB_MIN - 1) * 1_000_000)
    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda path: usage)
    assert checkup._disk().state == "missing"


class _Distribution:
    """A package as importlib.metadata shows it."""

    def __init__(self, name: str, *files) -> None:
        self.name, self.version = name, "1.0"
        self.files = [SimpleNamespace(suffix=path.suffix, locate=lambda path=path: path) for path in files]


def test_a_package_whose_files_are_gone_is_noticed_and_mended_by_one_command(tmp_path, monkeypatch):
    there, gone = tmp_path / "there.py", tmp_path / "gone.py"
    there.write_text("")
    packages = [_Distribution("rich", there, tmp_path / "gone.md"), _Distribution("typer", there, gone)]
    monkeypatch.setattr(checkup.importlib.metadata, "distributions", lambda: packages)
    monkeypatch.setattr(checkup, "wrong_packages", lambda lines, installed: [])
    found = checkup._packages()
    assert (found.state, found.says) == ("missing", "typer: files are gone or cannot be imported")
    assert found.mend.endswith("-m pip install --force-reinstall --no-deps typer==1.0")


def test_a_package_that_cannot_be_imported_is_noticed(monkeypatch):
    monkeypatch.setattr(checkup, "damaged_packages", lambda found: [])
    monkeypatch.setattr(checkup, "wrong_packages", lambda lines, installed: [])
    monkeypatch.setattr(checkup, "_imports", lambda name: name != "kafka")
    assert checkup._packages().says == "kafka-python: files are gone or cannot be imported"
