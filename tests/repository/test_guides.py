"""What README and CONTRIBUTING promise is there: commands, files, steps and the table of marks."""

from __future__ import annotations

import re

import pytest

from autograder.cli.app import VERBS
from autograder.manuscript.marks import table
from tests.repository.tree import ROOT

GUIDES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
STEPS_MAX = 6


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_of_a_guide_exists(name):
    named = set(re.findall(r"(?:\./|`)fortnight (\w+)", text_of(name)))
    assert named - VERBS.keys() == set()


@pytest.mark.parametrize("name", GUIDES)
def test_every_link_of_a_guide_leads_somewhere(name):
    targets = re.findall(r"\]\(([^)#\s]+)", text_of(name))
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


@pytest.mark.parametrize("name", GUIDES)
def test_every_path_of_a_guide_exists(name):
    named = re.findall(r"`((?:autograder|manuscript|tests|book|days|labs|solutions|shop)/[\w./]*)`", text_of(name))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_module_that_a_guide_runs_exists():
    named = {module for name in GUIDES for module in re.findall(r"python -m (autograder[\w.]*)", text_of(name))}
    assert [module for module in named if not (ROOT / module.replace(".", "/") / "__main__.py").exists()] == []


@pytest.mark.parametrize("heading", ["fix a sentence", "change a lab", "add a rule", "add a fault"])
def test_each_kind_of_change_takes_at_most_six_steps(heading):
    section = text_of("CONTRIBUTING.md").split(f"## I want to {heading}\n")[1].split("\n## ")[0]
    assert 1 <= len(re.findall(r"^\d+\. ", section, re.MULTILINE)) <= STEPS_MAX


def test_the_table_of_marks_is_the_one_that_the_builder_uses():
    shown = re.search(r"<!-- marks: .*? -->\n(.*?)<!-- /marks -->", text_of("CONTRIBUTING.md"), re.DOTALL)
    assert shown[1] == table(), "python -m autograder.manuscript marks prints the table that belongs there"


def test_the_readme_names_all_fourteen_days_and_which_are_to_come():
    rows = re.findall(r"^\| \**(\d+)\** \|.*\| (.*?) \|$", text_of("README.md"), re.MULTILINE)
    there = {int(path.name[3:5]) for path in (ROOT / "labs").glob("lab*_*")}
    assert [int(day) for day, _ in rows] == list(range(15))
    assert {int(day) for day, lab in rows if lab not in ("to come", "none")} == there


def test_the_readme_gives_the_sizes_that_the_launcher_says():
    launcher = text_of("fortnight")
    download, disk = re.search(r"REQUIREMENTS: \((\d+), (\d+)\)", launcher).groups()
    assert f"{download} MB to download, {disk} MB on disk" in text_of("README.md")
