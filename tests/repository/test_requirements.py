"""The pins: one file for pip, conda and the launcher, complete, exact, and good for every supported Python."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.repository.tree import ROOT

LEARNERS, EXTRAS = "requirements.txt", "requirements-extras.txt"
OLDEST, NEWEST = "3.11.0", "3.14.0"
USED_BY_US_ALONE = {"lupa": "fakeredis runs Lua scripts with it, where fakeredis stands in for Redis"}


def pins(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def names(*files: str) -> set[str]:
    return {canonicalize_name(pin.name) for name in files for pin in pins(name)}


def direct(name: str) -> set[str]:
    """The direct dependencies: what stands before the blank line."""
    first = (ROOT / name).read_text(encoding="utf-8").split("\n\n")[0]
    return {canonicalize_name(Requirement(line).name) for line in first.splitlines() if not line.startswith("#")}


def needed_by(roots: set[str]) -> set[str]:
    """What these packages need here, and what those need in turn, by what is installed."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(name, frozenset[str]()) for name in roots]
    while waiting:
        name, extras = asked = waiting.pop()
        if asked in seen:
            continue
        seen.add(asked)
        for line in importlib.metadata.requires(name) or ():
            needed = Requirement(line)
            environments = [{**default_environment(), "extra": extra} for extra in extras or {""}]
            if needed.marker is None or any(needed.marker.evaluate(each) for each in environments):
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return {name for name, _ in seen}


@pytest.mark.parametrize("name", [LEARNERS, EXTRAS])
def test_every_pin_is_one_exact_version(name):
    for pin in pins(name):
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), str(pin)
        assert pin.url is None and not pin.extras


def test_no_package_is_pinned_twice():
    both = [canonicalize_name(pin.name) for name in (LEARNERS, EXTRAS) for pin in pins(name)]
    assert sorted(both) == sorted(set(both))


def test_what_is_pinned_is_what_is_installed():
    different = []
    for pin in [*pins(LEARNERS), *pins(EXTRAS)]:
        if (pin.marker is None or pin.marker.evaluate()) and importlib.metadata.version(pin.name) not in pin.specifier:
            different.append(f"{pin}: {importlib.metadata.version(pin.name)} is installed")
    assert different == []


def test_nothing_that_is_needed_is_left_unpinned():
    assert needed_by(direct(LEARNERS)) - names(LEARNERS) == set()
    assert needed_by(direct(LEARNERS) | direct(EXTRAS)) - names(LEARNERS, EXTRAS) == set()


def test_nothing_is_pinned_that_nobody_needs():
    here = {
        canonicalize_name(pin.name)
        for name in (LEARNERS, EXTRAS)
        for pin in pins(name)
        if not pin.marker or pin.marker.evaluate()
    }
    assert here - needed_by(direct(LEARNERS) | direct(EXTRAS)) - USED_BY_US_ALONE.keys() == set()


@pytest.mark.parametrize("python", [OLDEST, NEWEST])
def test_every_installed_package_takes_the_oldest_and_the_newest_python(python):
    """3.11.0 and not only 3.11.7: Debian 12 has 3.11.2."""
    refusing = []
    for pin in [*pins(LEARNERS), *pins(EXTRAS)]:
        if pin.marker is None or pin.marker.evaluate({"python_version": python[:4], "python_full_version": python}):
            if pin.marker is not None and not pin.marker.evaluate():
                continue  # not installed here, so it cannot be asked
            wants = importlib.metadata.metadata(pin.name).get("Requires-Python") or ""
            if python not in SpecifierSet(wants):
                refusing.append(f"{pin.name} wants Python {wants}")
    assert refusing == []


def test_the_themes_of_the_book_are_pinned_to_the_ones_that_fit():
    pinned = {pin.name: str(pin.specifier) for pin in pins(EXTRAS)}
    assert pinned["jupyter-book"].startswith("==1.0.")
    assert (pinned["sphinx-book-theme"], pinned["pydata-sphinx-theme"]) == ("==1.1.4", "==0.15.4")


def test_conda_installs_from_the_same_file():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    [pip] = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == ["-r requirements.txt", "-e ."]
    assert "python>=3.11,<3.15" in environment["dependencies"]


def test_the_package_depends_on_the_same_file():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": [LEARNERS]}
    assert project["project"]["requires-python"] == ">=3.11,<3.15"
    assert "dependencies" in project["project"]["dynamic"]


def test_the_launcher_reads_the_same_files():
    launcher = (ROOT / "fortnight").read_text(encoding="utf-8")
    assert f'REQUIREMENTS = "{LEARNERS}"' in launcher and f'EXTRAS = "{EXTRAS}"' in launcher


def test_contributing_says_what_each_direct_dependency_is_for():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = {canonicalize_name(name) for name in re.findall(r"^\| `([\w.-]+)` \|", text, re.MULTILINE)}
    assert (direct(LEARNERS) | direct(EXTRAS)) - told == set()
