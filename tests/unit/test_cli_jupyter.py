"""JupyterLab for the learner: a free port, the right kernel, a token that stays, and no stranger taken for ours."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from autograder.cli import jupyter
from autograder.cli.endings import ENVIRONMENT, Ended
from autograder.cli.verbs.start import told
from autograder.cli.workspace import Change


@pytest.fixture
def taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_port_that_is_taken_leads_to_the_next_free_one(taken_port):
    assert taken_port < jupyter.free_port(taken_port) < taken_port + jupyter.PORTS_TRIED


def test_ports_that_are_all_taken_are_a_sentence(taken_port):
    with pytest.raises(Ended, match="all taken: choose another with --port") as ended:
        jupyter.free_port(taken_port, tried=1)
    assert ended.value.exit_code == ENVIRONMENT


@pytest.mark.parametrize(
    ("environment", "platform", "can"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"BROWSER": "wslview"}, "linux", True),
        ({}, "darwin", True),
    ],
)
def test_a_browser_is_opened_only_where_there_is_a_screen(environment, platform, can):
    assert jupyter.can_open_browser(environment, platform) is can


def test_the_kernel_is_this_python_and_imports_the_course(tmp_path):
    jupyter.make_settings(tmp_path, Path("/course"))
    kernel = json.loads((tmp_path / "data" / "kernels" / "python3" / "kernel.json").read_text())
    assert kernel["argv"][0] == sys.executable and kernel["env"] == {"PYTHONPATH": "/course"}


def test_pages_for_teachers_and_news_from_the_network_are_off(tmp_path):
    jupyter.make_settings(tmp_path, Path("/course"))
    off = json.loads((tmp_path / "config" / "labconfig" / "page_config.json").read_text())["disabledExtensions"]
    assert off["@jupyter/nbgrader:formgrader"] and off["@jupyterlab/apputils-extension:announcements"]
    assert "@jupyter/nbgrader:validate-assignment" not in off


def test_our_settings_stand_before_the_learners_own(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "/mine")
    assert jupyter.environment_of(tmp_path, Path("/course"))["JUPYTER_PATH"] == f"{tmp_path}/data:/mine"


def test_the_token_stays_and_is_for_its_owner_alone(tmp_path):
    token = jupyter.token_of(tmp_path)
    assert jupyter.token_of(tmp_path) == token and len(token) == 48
    assert (tmp_path / "token").stat().st_mode & 0o077 == 0


def test_the_lab_is_served_on_the_loopback_interface_with_its_token_on():
    words = jupyter.command_of(Path("/work"), 8890)
    assert "--ServerApp.ip=127.0.0.1" in words and "--ServerApp.port=8890" in words
    assert not [word for word in words if "token" in word.lower()], "the token travels in the environment"


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"pid": OURS, "url": "http://127.0.0.1:1/lab"}'])
def test_a_stranger_with_the_old_number_is_not_taken_for_jupyterlab(tmp_path, record):
    (tmp_path / "server.json").write_text(record.replace("OURS", str(os.getpid())))
    assert jupyter.running(tmp_path) is None
    assert jupyter.stop(tmp_path) is False


def test_a_jupyterlab_that_does_not_start_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(
        jupyter, "command_of", lambda work, port: [sys.executable, "-c", "raise SystemExit('port 1 is forbidden')"]
    )
    with pytest.raises(Ended, match="JupyterLab did not start: port 1 is forbidden"):
        with jupyter.serve(tmp_path, tmp_path, tmp_path, port=1, page=""):
            raise AssertionError("it cannot have started")


def test_a_jupyterlab_that_runs_is_found_and_stopped(tmp_path, monkeypatch):
    says_ready_and_waits = "import signal, sys; print('is running at', file=sys.stderr, flush=True); signal.pause()"
    monkeypatch.setattr(jupyter, "command_of", lambda work, port: [sys.executable, "-c", says_ready_and_waits])
    with jupyter.serve(tmp_path, tmp_path, tmp_path, port=8890, page="days/day00_start.ipynb") as (server, process):
        assert server.url.startswith("http://127.0.0.1:8890/lab/tree/days/day00_start.ipynb?token=")
        assert jupyter.running(tmp_path) == server
        assert jupyter.stop(tmp_path) is True
        assert process.wait(10) is not None
    assert jupyter.running(tmp_path) is None


def test_the_learner_hears_of_every_file_that_was_kept_and_how_many_came():
    changes = [Change("days/a.ipynb", "added"), Change("days/b.ipynb", "added"), Change("labs/c.ipynb", "kept")]
    kept, added = told(changes)
    assert "c.new.ipynb" in kept and added == "work/: 2 files added."
