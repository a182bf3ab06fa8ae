"""The public CI and the devcontainer, which cannot run here: well formed, and speaking of what is in the repository."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.repository.tree import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def jobs() -> dict[str, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8"))["jobs"]


def devcontainer() -> dict[str, Any]:
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8")
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))


def commands() -> list[str]:
    return [step["run"] for job in jobs().values() for step in job["steps"] if "run" in step]


def test_linux_is_tested_with_every_python_that_is_served():
    served = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'requires-python = ">=3.11,<3.15"' in served
    assert jobs()["linux"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]


def test_there_is_a_job_for_each_system_that_the_support_table_names():
    systems = {job["runs-on"] for job in jobs().values()} | set(jobs()["macos"]["strategy"]["matrix"]["system"])
    assert any(name.startswith("ubuntu") for name in systems) and any(name.startswith("macos") for name in systems)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_jobs_end_by_themselves_may_only_read_and_use_pinned_actions(path):
    flow = yaml.safe_load(path.read_text("utf-8"))
    assert flow["permissions"] == {"contents": "read"}
    for name, job in flow["jobs"].items():
        assert job["timeout-minutes"] <= 90, name
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert [action for action in used if not re.fullmatch(r"actions/[\w-]+@v\d+", action)] == []


def test_what_the_jobs_run_is_here():
    named = {word for command in commands() for word in re.findall(r"tests/[\w/]+\.py|\.ci/run|\./fortnight", command)}
    assert ".ci/run" in named and [name for name in named if not (ROOT / name).is_file()] == []


def test_the_containers_job_fails_when_it_could_not_run():
    step = next(step for step in jobs()["containers"]["steps"] if "tests.containers" in step.get("run", ""))
    assert step["env"] == {"FORTNIGHT_CONTAINERS": "must"}


def test_the_devcontainer_has_a_served_python_and_a_daemon_of_its_own():
    found = devcontainer()
    assert re.search(r"python:3\.1[1-4]-", found["image"])
    assert any("docker-in-docker" in name for name in found["features"])
    assert found["postCreateCommand"].startswith("./fortnight ")
